import Caffe
import Foundation
import Testing

@Suite struct `extract_features` {
  private let folder: Scratch

  init() throws {
    folder = try Scratch()
    for name in ["features.prototxt", "features.caffemodel", "lmdb_same"] {
      try FileManager.default.copyItem(
        at: URL(filePath: dataFixture(name)), to: folder.url.appending(path: name))
    }
  }

  @Test(arguments: ["lmdb", "leveldb"]) func `stores what the original stored`(type: String) throws {
    let run = try extract("conv,ip", "a,b", "3", type, "CPU")
    #expect(run.status == 0)
    let lines = [
      "Using CPU", "Extracting Features", "Extracted features of 6 query images for feature blob conv",
      "Extracted features of 6 query images for feature blob ip", "Successfully extracted the features!",
    ]
    // These lines come as errors, so that silencing the rest keeps them.
    #expect(run.errors.split(separator: "\n").filter { $0.hasPrefix("E") }.count == lines.count)
    #expect(lines.allSatisfy(run.messages.contains))
    for (name, golden) in [("a", "lmdb_features"), ("b", "lmdb_features_ip")] {
      let database = try openDatabase("\(folder.url.path)/\(name)", DatabaseBackend(rawValue: type))
      let expected = try openDatabase(dataFixture(golden))
      #expect(try database.count == expected.count)
      let (cursor, other) = (database.makeCursor(), expected.makeCursor())
      for _ in 0..<(try expected.count) {
        let (record, golden) = (try cursor.next(), try other.next())
        #expect(record.key == golden.key)
        var (datum, wanted) = (try Datum(serializedBytes: record.value), try Datum(serializedBytes: golden.value))
        #expect(zip(datum.floatData, wanted.floatData).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
        #expect(datum.floatData.count == wanted.floatData.count)
        (datum.floatData, wanted.floatData) = ([], [])
        #expect(datum == wanted)
      }
    }
  }

  @Test func `writes HDF5 that HDF5Data reads`() throws {
    #expect(try extract("conv,ip", "a.h5,b.h5", "3", "hdf5").status == 0)
    let root = try HDF5File(reading: folder.url.path + "/a.h5").root
    #expect(try root.dataset("conv").shape == [6, 3, 2, 3])
    let first = try Datum(serializedBytes: openDatabase(dataFixture("lmdb_features")).makeCursor().next().value)
    let values = try root.dataset("conv").floats().prefix(first.floatData.count)
    #expect(zip(values, first.floatData).allSatisfy { abs($0 - $1) <= 1e-5 })
    #expect(try HDF5File(reading: folder.url.path + "/b.h5").root.dataset("ip").shape == [6, 4])
  }

  @Test(arguments: ["fc/7", "pool5/7x7_s1", "/a", "./b", "a b.c", "größe"])
  func `stores blobs under names that HDF5 takes for paths`(name: String) throws {
    let net = try String(contentsOf: folder.url.appending(path: "features.prototxt"), encoding: .utf8)
    try folder.write(net.replacing("\"ip\"", with: "\"\(name)\""), to: "features.prototxt")
    // The layer keeps its name.
    try folder.write(
      "features.prototxt", replacing: "name: \"\(name)\"", by: "name: \"ip\"", to: "features.prototxt")
    let run = try extract(name, "a.h5", "3", "hdf5")
    #expect(run.status == 0, "\(run.errors)")
    try folder.write("\(folder.url.path)/a.h5", to: "list")
    let reader = try Net(
      NetDefinition(
        text: """
          layer { name: "d" type: "HDF5Data" top: "\(name)" hdf5_data_param { source: "\(folder.url.path)/list" batch_size: 2 } }
          """, file: "reader"), phase: .test,
      in: .standard())
    #expect(reader.blob(name)?.shape.dimensions.first == 2)
  }

  // MARK: Bad input

  @Test func `leaves nothing behind when it fails`() throws {
    let net = try String(contentsOf: folder.url.appending(path: "features.prototxt"), encoding: .utf8)
    try folder.write(net.replacing("\"ip\"", with: "\".\""), to: "odd.prototxt")
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
    let run = try Run(
      "features.caffemodel", "odd.prototxt", "conv,.", "a.h5,b.h5", "1", "hdf5", as: "extract_features", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("a blob called \".\" cannot be stored in HDF5"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == before)
  }

  @Test func `names a blob that does not exist, and makes nothing`() throws {
    let run = try extract("conf", "a", "1", "lmdb")
    #expect(run.status == 1)
    #expect(run.errors.contains("Unknown feature blob name conf in the network features.prototxt"))
    #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.url.path).contains { $0.hasPrefix("a") })
  }

  @Test func `refuses a command line that makes no sense`() throws {
    #expect(try extract("conv,ip", "a", "1", "lmdb").errors.contains("blob names and dataset names must be equal"))
    for count in ["0", "3000000000"] {
      #expect(try extract("conv", "a", count, "lmdb").errors.contains("num_batches must be 1 to 2147483647"))
    }
    #expect(try extract("conv,ip", "a,a", "1", "lmdb").errors.contains("dbs names a twice"))
    #expect(try extract("conv,", "a,b", "1", "lmdb").errors.contains("a name is missing beside a comma"))
    #expect(try extract("conv", "a", "1", "lmdb", "GPU", "first").errors.contains("write DEVICE_ID=0"))
    #expect(try extract("conv", "a", "1", "sqlite").errors.contains("Unknown database backend"))
    #expect(try extract("conv", "a", "1").status == 2)
  }

  @Test func `does not touch what exists`() throws {
    try folder.write("kept", to: "a.h5")
    let run = try extract("conv", "a.h5", "1", "hdf5")
    #expect(run.status == 1 && run.errors.contains("a.h5: the file exists"))
    #expect(try String(contentsOf: folder.url.appending(path: "a.h5"), encoding: .utf8) == "kept")
  }

  private func extract(_ arguments: String...) throws -> Run {
    try Run(["features.caffemodel", "features.prototxt"] + arguments, as: "extract_features", in: folder.url)
  }
}
