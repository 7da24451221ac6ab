internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes databases of the CIFAR-10 images: `<output>/cifar10_train_<backend>` with the five training batches and
/// `<output>/cifar10_test_<backend>`; records 3×32×32 (red, green, blue), keys `00000`, ….
///
/// A batch is a file of records of 3073 bytes: the label, then the planes (Krizhevsky, "Learning multiple layers of
/// features from tiny images", 2009). Files may be in gzip, with `.gz` behind their names.
///
/// - Parameters:
///   - input: The folder with `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`.
///   - itemCount: How many images each file has.
///   - progress: Called before each file with its name, and after each record with the number of records stored so far.
/// - Throws: `DataError` when a file is missing or damaged, or a database exists.
public func convertCIFAR10(
  input: String, output: String, backend: DatabaseBackend, itemCount: Int = 10000,
  progress: (CIFAR10Progress) -> Void = { _ in }
) throws {
  var files: [[String]] = []
  for names in [(1...5).map { "data_batch_\($0)" }, ["test_batch"]] {
    files.append(try names.map { name throws(DataError) in try cifarFile("\(input)/\(name).bin") })
  }
  var stored = 0
  for (part, paths) in zip(["train", "test"], files) {
    progress(.database(part))
    let writer = try createDatabase("\(output)/cifar10_\(part)_\(backend.rawValue)", backend)
    for (index, path) in paths.enumerated() {
      progress(.file(index + 1))
      let reader = try GzipReader(path: path)
      for item in 0..<itemCount {
        let record = try reader.read(3073)
        let datum = Datum.with {
          ($0.channels, $0.height, $0.width) = (3, 32, 32)
          $0.label = Int32(record[0])
          $0.data = .init(record[1...])
        }
        try writer.put(datum.serializedBytes(), key: recordKey(index * 10000 + item, digits: 5))
        stored += 1
        progress(.records(stored))
      }
      guard try reader.isAtEnd() else {
        throw DataError(
          path, "there are more than \(itemCount) records of 3073 bytes: it is no batch of CIFAR-10",
          remedy: "download the binary version of CIFAR-10 again")
      }
    }
    try writer.finish()
  }
}

/// What `convertCIFAR10` does next, or has done.
public enum CIFAR10Progress: Hashable, Sendable {
  /// It begins the database `train` or `test`.
  case database(String)
  /// It begins the database's file of this number.
  case file(Int)
  /// It has stored as many records, of 60,000.
  case records(Int)
}

/// The file itself, or its gzip.
private func cifarFile(_ path: String) throws(DataError) -> String {
  for candidate in [path, path + ".gz"] where access(candidate, F_OK) == 0 { return candidate }
  throw DataError(
    path, String(cString: strerror(errno)), remedy: "download the binary version of CIFAR-10 and unpack it there")
}
