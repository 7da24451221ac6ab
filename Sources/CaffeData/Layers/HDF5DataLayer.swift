public import CaffeCore
internal import CaffeHDF5
public import CaffeProto
internal import FoundationEssentials

/// Reads any number of arrays from a list of HDF5 files, batch by batch and over and over again.
///
/// Each top takes the dataset of its own name. The first axis of a dataset counts its rows; all datasets of a file have
/// the same number of rows. Batches run on from one file into the next.
///
/// | blob     | shape                                            |
/// |----------|--------------------------------------------------|
/// | `top[i]` | N×…, … being the dataset's axes without its first |
///
/// | parameter    | default | meaning                                                                  |
/// |--------------|---------|--------------------------------------------------------------------------|
/// | `source`     |         | a text file with the names of the HDF5 files, separated by white space   |
/// | `batch_size` |         | N                                                                        |
/// | `shuffle`    | false   | mix the order of the files, and of the rows in each, anew in each pass   |
///
/// One file at a time is in memory. Of several solvers that train together, number r of s takes the rows r, r + s, …; in
/// TEST each reads everything. The order of a pass depends only on the layer's seed and the number of the pass.
public final class HDF5DataLayer: StatefulLayer {
  public static let type = "HDF5Data"
  public static var bottomCount: BlobCount { .exactly(0) }
  public static var topCount: BlobCount { .atLeast(1) }

  public private(set) var seed: UInt64
  public private(set) var position: UInt64 = 0

  private let files: [String]
  private let datasets: [String]
  private let batchSize: Int
  private let shuffles: Bool
  private let rank: UInt64
  private let solverCount: UInt64
  /// How many rows each file has, and all of them together.
  private let rowCounts: [Int]
  private let total: UInt64
  /// The shape of a row of each dataset.
  private let rowShapes: [Shape]
  private var pass: Pass?
  private var loaded: LoadedFile?

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    guard !definition.hasTransformParam else {
      throw NetError("HDF5Data does not transform data.", remedy: "remove transform_param, or transform before storing")
    }
    let parameter = definition.hdf5DataParam
    guard parameter.batchSize > 0 else {
      throw NetError("hdf5_data_param.batch_size is 0", remedy: "set it to the number of rows in a batch")
    }
    batchSize = Int(parameter.batchSize)
    shuffles = parameter.shuffle
    datasets = definition.top
    seed = context.seed
    solverCount = context.phase == .train ? UInt64(context.solverCount) : 1
    rank = solverCount > 1 ? UInt64(context.rank) : 0
    files = try Self.readList(parameter.source)
    context.logger.info("Number of HDF5 files: \(files.count)")

    var rowShapes: [Shape] = []
    var rowCounts: [Int] = []
    for file in files {
      let (rows, shapes) = try Self.shapes(of: datasets, in: file)
      if rowShapes.isEmpty { rowShapes = shapes }
      for (name, (first, other)) in zip(datasets, zip(rowShapes, shapes)) where first != other {
        throw NetError(
          "dataset \"\(name)\" has rows of shape \(other) in \(file), but of shape \(first) in \(files[0])",
          remedy: "only the number of rows may differ from file to file")
      }
      rowCounts.append(rows)
    }
    self.rowShapes = rowShapes
    self.rowCounts = rowCounts
    total = UInt64(rowCounts.reduce(0, +))
    guard total > 0 else { throw NetError("the files listed in \(parameter.source) have no rows") }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    for (blob, row) in zip(top, rowShapes) {
      blob.reshape(to: try Shape(checking: [batchSize] + row.dimensions))
    }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    let outputs = top.map(\.data.uninitializedValues)
    for item in 0..<batchSize {
      let number = (position + UInt64(item)) * solverCount + rank
      let (file, row) = try locate(number)
      for (index, values) in file.values.enumerated() {
        let size = rowShapes[index].count
        guard size > 0 else { continue }
        values.withUnsafeBufferPointer { values in
          let source = UnsafeBufferPointer(rebasing: values[row * size..<(row + 1) * size])
          let target = UnsafeMutableBufferPointer(rebasing: outputs[index][item * size..<(item + 1) * size])
          _ = target.update(from: source)
        }
      }
    }
    position += UInt64(batchSize)
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}

  public func restore(seed: UInt64, position: UInt64) {
    self.seed = seed
    self.position = position
    pass = nil
    loaded = nil
  }

  // MARK: Which row comes when

  /// The order of one pass over all files.
  private struct Pass {
    var number: UInt64
    var files: [Int]
  }

  /// The file in memory, with the order of its rows in this pass.
  private struct LoadedFile {
    var index: Int
    var pass: UInt64
    var values: [[Float]]
    var rows: [Int]
  }

  /// The file and the row that come at a running number.
  private func locate(_ number: UInt64) throws(NetError) -> (LoadedFile, row: Int) {
    let files = order(ofPass: number / total)
    var rest = Int(number % total)
    for file in files.files {
      if rest < rowCounts[file] {
        let loaded = try load(file, inPass: files.number)
        return (loaded, loaded.rows.isEmpty ? rest : loaded.rows[rest])
      }
      rest -= rowCounts[file]
    }
    preconditionFailure("a row number is less than the number of rows")
  }

  private func order(ofPass number: UInt64) -> Pass {
    if let pass, pass.number == number { return pass }
    var order = Array(files.indices)
    if shuffles {
      var random = Random(seed: Random.seed(seed, part: number))
      order.shuffle(using: &random)
    }
    let pass = Pass(number: number, files: order)
    self.pass = pass
    return pass
  }

  private func load(_ file: Int, inPass pass: UInt64) throws(NetError) -> LoadedFile {
    if let loaded, loaded.index == file, loaded.pass == pass { return loaded }
    var values: [[Float]] = []
    if let loaded, loaded.index == file {
      values = loaded.values
    } else {
      loaded = nil
      values = try Self.read(datasets, from: files[file])
    }
    var rows: [Int] = []
    if shuffles {
      rows = Array(0..<rowCounts[file])
      var random = Random(seed: Random.seed(seed, part: pass), stream: UInt64(file) + 1)
      rows.shuffle(using: &random)
    }
    let loaded = LoadedFile(index: file, pass: pass, values: values, rows: rows)
    self.loaded = loaded
    for (values, shape) in zip(values, rowShapes) where values.count != rowCounts[file] * shape.count {
      throw NetError("\(files[file]) was changed while it was being used", remedy: "start again when it is complete")
    }
    return loaded
  }

  // MARK: Files

  private static func readList(_ path: String) throws(NetError) -> [String] {
    let text: String
    do {
      text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    } catch {
      throw NetError(
        "Failed to open source file: \(path): \(error)",
        remedy:
          "set hdf5_data_param.source to a text file that lists HDF5 files; the path is relative to the working directory"
      )
    }
    guard !HDF5File.isHDF5(path) else {
      throw NetError(
        "hdf5_data_param.source \(path) is an HDF5 file itself",
        remedy: "write its name into a text file, and set source to that one")
    }
    let names = text.split(whereSeparator: \.isWhitespace).map(String.init)
    guard !names.isEmpty else { throw NetError("Must have at least 1 HDF5 filename listed in \(path)") }
    return names
  }

  /// The number of rows and the shape of a row of each dataset.
  private static func shapes(of datasets: [String], in path: String) throws(NetError) -> (rows: Int, [Shape]) {
    do {
      let root = try HDF5File(reading: path).root
      var rows: Int?
      let shapes = try datasets.map { name in
        guard try root.contains(name) else {
          throw NetError(
            "\(path) has no dataset \"\(name)\"; it has \(try root.names().joined(separator: ", "))",
            remedy: "name the top after a dataset")
        }
        let dataset = try root.dataset(name)
        guard dataset.elements == .float || dataset.elements == .integer else {
          throw NetError("dataset \"\(name)\" of \(path) does not hold numbers")
        }
        guard let count = dataset.shape.first else {
          throw NetError("dataset \"\(name)\" of \(path) is a scalar, but its first axis must count the rows")
        }
        guard rows == nil || rows == count else {
          throw NetError("dataset \"\(name)\" of \(path) has \(count) rows, but \"\(datasets[0])\" has \(rows ?? 0)")
        }
        rows = count
        return try Shape(checking: dataset.shape.dropFirst())
      }
      return (rows ?? 0, shapes)
    } catch {
      throw NetError(readingHDF5: error)
    }
  }

  private static func read(_ datasets: [String], from path: String) throws(NetError) -> [[Float]] {
    do {
      let root = try HDF5File(reading: path).root
      return try datasets.map { try root.dataset($0).floats() }
    } catch {
      throw NetError(readingHDF5: error)
    }
  }
}

extension NetError {
  fileprivate init(readingHDF5 error: any Error) { self = error as? NetError ?? NetError("\(error)") }
}
