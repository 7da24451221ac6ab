import ArgumentParser
import Caffe
import FoundationEssentials
import Logging

/// `extract_features`: runs a net over its data and stores what chosen blobs hold.
struct ExtractFeatures: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "extract_features",
    abstract: "store the values of blobs for each item of the data",
    usage: """
      extract_features <weights> <net> <blob1>[,<blob2>,...] <db1>[,<db2>,...] <num_batches> <db_type> [CPU|GPU] \
      [DEVICE_ID=0]
      """,
    discussion: """
      The net must have data layers of its own; it runs in the TEST phase. A database gets a Datum of floats for each \
      item. The type hdf5 makes a file with one dataset, which bears the blob's name, for HDF5Data to read.
      """)
  static let runsNets = true

  @Argument(help: ArgumentHelp("The weights (.caffemodel).", valueName: "weights"))
  var weights: String

  @Argument(help: ArgumentHelp("The net definition (.prototxt).", valueName: "net"))
  var model: String

  @Argument(help: ArgumentHelp("The blobs, with commas between them.", valueName: "blobs"))
  var blobs: String

  @Argument(help: ArgumentHelp("A database to make for each blob, with commas between them.", valueName: "dbs"))
  var databases: String

  @Argument(help: ArgumentHelp("How many batches to run.", valueName: "num_batches"))
  var batches: Int

  @Argument(help: ArgumentHelp("The kind of database: lmdb, leveldb or hdf5.", valueName: "db_type"))
  var type: String

  @Argument(help: ArgumentHelp("CPU, or GPU, which this build answers with the CPU.", valueName: "CPU|GPU"))
  var mode = "CPU"

  @Argument(help: ArgumentHelp("The number of the GPU.", valueName: "DEVICE_ID=0"))
  var device: String?

  @OptionGroup var engine: EngineOptions
  @OptionGroup var precision: PrecisionOptions
  @OptionGroup(title: "Trust") var trust: TrustOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard type == "hdf5" || DatabaseBackend(rawValue: type) != nil else {
      throw ValidationError("Unknown database backend \"\(type)\"; write lmdb, leveldb or hdf5.")
    }
    guard ["CPU", "GPU"].contains(mode) else { throw ValidationError("\"\(mode)\": write CPU or GPU.") }
    try requireCount(batches, "num_batches")
    let number = device.map { $0.hasPrefix("DEVICE_ID=") ? $0.dropFirst("DEVICE_ID=".count) : $0[...] }
    guard number.map({ UInt16($0) != nil }) ?? true else {
      throw ValidationError("\"\(device ?? "")\": write DEVICE_ID=0, or another number in place of 0.")
    }
    guard blobs.commaSeparated.count == databases.commaSeparated.count else {
      throw ValidationError("the number of blob names and dataset names must be equal")
    }
    try requireNames(blobs, "blobs")
    try requireNames(databases, "dbs")
    for (index, path) in databases.commaSeparated.enumerated()
    where databases.commaSeparated.prefix(index).contains(path) {
      throw ValidationError("dbs names \(path) twice; give each blob a database of its own.")
    }
  }

  func run(in session: Session) throws {
    let log = session.log
    if mode == "GPU" { log.warning("GPU: this build has no CUDA engine; going on with the CPU.") }
    if mode == "CPU", let device { log.warning("\(device) has no effect on the CPU.") }
    // The original logs all of this as errors, and scripts that silence the rest rely on it.
    log.error("Using CPU")
    let net = try Net(
      NetDefinition(contentsOf: model), phase: .test,
      in: trust.applied(to: .standard(engine: engine.engine, precision: precision.precision, logger: log), for: model))
    try net.loadWeights(weights, log)
    let features = try blobs.commaSeparated.map { name in
      guard let blob = net.blob(name) else {
        throw ToolError(
          "Unknown feature blob name \(name) in the network \(model)\n  it has \(net.blobNames.joined(separator: ", "))"
        )
      }
      return (name: name, blob: blob)
    }
    let stores = try zip(features, databases.commaSeparated).map { feature, path in
      try makeFeatureStore(path, type: type, blob: feature.name)
    }

    log.error("Extracting Features")
    var counts = Array(repeating: 0, count: features.count)
    var line = ProgressLine("Extracting", to: batches, on: session.output)
    defer { line.finish() }
    for batch in 0..<batches {
      try net.forward()
      for (index, feature) in features.enumerated() {
        for item in 0..<feature.blob.shape.legacy(0) {
          try stores[index].put(feature.blob, item: item, number: counts[index])
          counts[index] += 1
          if counts[index] % 1000 == 0 {
            log.error("Extracted features of \(counts[index]) query images for feature blob \(feature.name)")
          }
        }
      }
      line.update(batch + 1)
    }
    line.finish()
    for (index, feature) in features.enumerated() {
      try stores[index].finish()
      log.error("Extracted features of \(counts[index]) query images for feature blob \(feature.name)")
    }
    log.error("Successfully extracted the features!")
  }
}

/// Where features go.
private protocol FeatureStore {
  /// Stores item `item` of a blob as the record of a number.
  func put(_ blob: Blob, item: Int, number: Int) throws
  func finish() throws
}

private func makeFeatureStore(_ path: String, type: String, blob: String) throws -> any FeatureStore {
  guard let backend = DatabaseBackend(rawValue: type) else { return try HDF5Features(path, dataset: blob) }
  return DatumFeatures(writer: try createDatabase(path, backend), name: blob)
}

/// Records of floats, without a label.
private struct DatumFeatures: FeatureStore {
  let writer: any DatabaseWriter
  let name: String

  func put(_ blob: Blob, item: Int, number: Int) throws {
    let shape = blob.shape
    guard shape.rank <= 4 else {
      throw ToolError(
        "blob \(name) has \(shape.rank) axes, but a Datum has at most 4; write hdf5 in place of a database")
    }
    let size = shape.count / max(1, shape.legacy(0))
    let datum = Datum.with {
      $0.channels = Int32(shape.legacy(1))
      $0.height = Int32(shape.legacy(2))
      $0.width = Int32(shape.legacy(3))
      $0.floatData = Array(blob.data.values[item * size..<(item + 1) * size])
    }
    try writer.put(datum.serializedBytes(), key: recordKey(number, digits: 10))
  }

  func finish() throws { try writer.finish() }
}

/// One dataset whose rows are the items; the file has another name until it is complete, and is gone if it never is.
///
/// A blob's name is the dataset's path: `pool5/7x7_s1` lies in a group `pool5`, where HDF5Data finds it for a top of that name.
private final class HDF5Features: FeatureStore {
  private let path: String
  private let dataset: String
  private var workPath: String { path + ".partial" }
  private var file: HDF5File?

  init(_ path: String, dataset: String) throws {
    self.path = path
    self.dataset = dataset
    guard dataset.split(separator: "/").contains(where: { $0 != "." }) else {
      throw ToolError("a blob called \"\(dataset)\" cannot be stored in HDF5; write lmdb or leveldb, or rename it")
    }
    guard !FileManager.default.fileExists(atPath: path) else {
      throw ToolError("\(path): the file exists; remove it, or give another name")
    }
    file = try HDF5File(creating: workPath)
  }

  deinit {
    guard file != nil else { return }
    file = nil
    try? FileManager.default.removeItem(atPath: workPath)
  }

  func put(_ blob: Blob, item: Int, number: Int) throws {
    // The whole batch at once.
    guard item == 0 else { return }
    let shape = blob.shape.rank == 0 ? [1] : blob.shape.dimensions
    try file?.root.append(blob.data.values, shape: shape, to: dataset)
  }

  func finish() throws {
    try file?.close()
    file = nil
    // From here on, what there is is complete. Its bytes come to the disk before its name does.
    guard FileDescriptor(opening: workPath)?.sync() == true else {
      throw ToolError("\(path): cannot bring the finished file, \(workPath), to the disk: \(systemReason())")
    }
    do { try FileManager.default.moveItem(atPath: workPath, toPath: path) } catch {
      throw ToolError("\(path): cannot give the finished file its name; it is complete and called \(workPath)")
    }
    guard FileDescriptor(opening: AtomicFile.folder(of: path))?.syncFolder() != false else {
      throw ToolError("\(path): cannot bring the name of the finished file to the disk: \(systemReason())")
    }
  }
}
