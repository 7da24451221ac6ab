internal import CaffeProto

/// Makes a database of the MNIST digits, or of any data set in their format: records 1×H×W, keys `00000000`, ….
///
/// - Parameters:
///   - images: The file of images (idx3), plain or in gzip.
///   - labels: The file of labels (idx1).
///   - database: The folder to make; it must not exist.
///   - backend: The kind of database.
///   - progress: Called with the number of records stored and of all, every thousand and at the end.
/// - Throws: `DataError` when a file is missing, damaged, or the two do not belong together.
public func convertMNIST(
  images: String, labels: String, database: String, backend: DatabaseBackend = .lmdb,
  progress: (_ count: Int, _ total: Int) -> Void = { _, _ in }
) throws {
  let images = try IDXFile(path: images, axes: 3)
  let labels = try IDXFile(path: labels, axes: 1)
  guard images.count == labels.count else {
    throw DataError(
      labels.path, "there are \(labels.count) labels for \(images.count) images in \(images.path)",
      remedy: "give the images and labels of one set")
  }
  let writer = try createDatabase(database, backend)
  var datum = Datum()
  datum.channels = 1
  datum.height = Int32(images.shape[1])
  datum.width = Int32(images.shape[2])
  var count = 0
  while let pixels = try images.next(), let label = try labels.next() {
    datum.data = .init(pixels)
    datum.label = Int32(label[0])
    try writer.put(datum.serializedBytes(), key: recordKey(count))
    count += 1
    if count % 1000 == 0 { progress(count, images.count) }
  }
  _ = try labels.next()
  try writer.finish()
  if count % 1000 != 0 { progress(count, images.count) }
}

/// The key of a record: its number in at least eight digits (or as many as asked for), so that byte order is the order of the numbers.
public func recordKey(_ number: Int, digits: Int = 8) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
