internal import CaffeCore
internal import CaffeHDF5
internal import CaffeProto
internal import FoundationEssentials

/// The HDF5 files of a list, whose datasets agree in all but the number of rows.
struct HDF5FileList: Sendable {
  let paths: [String]
  private let datasets: [String]
  /// Whether the files may not lead to others.
  private let isConfined: Bool
  /// How many rows each file has, and all of them together.
  let rowCounts: [Int]
  let total: UInt64
  /// The shape of a row of each dataset.
  let rowShapes: [Shape]

  init(_ source: String, datasets: [String], restrictions: Restrictions? = nil) throws(NetError) {
    self.datasets = datasets
    isConfined = restrictions != nil
    paths = try Self.readList(source)
    for path in paths { try restrictions?.check(path) }
    var rowShapes: [Shape] = []
    var rowCounts: [Int] = []
    for file in paths {
      let (rows, shapes) = try Self.shapes(of: datasets, in: file, isConfined)
      if rowShapes.isEmpty { rowShapes = shapes }
      for (name, (first, other)) in zip(datasets, zip(rowShapes, shapes)) where first != other {
        throw NetError(
          "dataset \"\(name)\" has rows of shape \(other) in \(file), but of shape \(first) in \(paths[0])",
          remedy: "only the number of rows may differ from file to file")
      }
      rowCounts.append(rows)
    }
    self.rowShapes = rowShapes
    self.rowCounts = rowCounts
    total = UInt64(rowCounts.reduce(0, +))
    guard total > 0 else { throw NetError("the files listed in \(source) have no rows") }
  }

  private static func readList(_ path: String) throws(NetError) -> [String] {
    guard !HDF5File.isHDF5(path) else {
      throw NetError(
        "hdf5_data_param.source \(path) is an HDF5 file itself",
        remedy: "write its name into a text file, and set source to that one")
    }
    let names: [String]
    do {
      let file = try TextFile(path)
      _ = try file.string()
      names = file.lines.flatMap { Self.names(on: $0.text) }
    } catch {
      throw NetError(
        "Failed to open source file: \(path): \(error)",
        remedy:
          "set hdf5_data_param.source to a text file that lists HDF5 files; the path is relative to the working directory"
      )
    }
    guard !names.isEmpty else { throw NetError("Must have at least 1 HDF5 filename listed in \(path)") }
    return names
  }

  /// The names on a line, with blanks between them; or only one, if there is a file whose name has these very blanks.
  private static func names(on line: String) -> [String] {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    return words.count > 1 && FileManager.default.fileExists(atPath: line) ? [line] : words
  }

  /// The number of rows and the shape of a row of each dataset.
  private static func shapes(
    of datasets: [String], in path: String, _ isConfined: Bool
  ) throws(NetError) -> (rows: Int, [Shape]) {
    do {
      let root = try HDF5File(reading: path, isConfined: isConfined).root
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

  func read(_ index: Int) throws(NetError) -> [[Float]] {
    do {
      let root = try HDF5File(reading: paths[index], isConfined: isConfined).root
      return try datasets.map { try root.dataset($0).floats() }
    } catch {
      throw NetError(readingHDF5: error)
    }
  }
}

extension NetError {
  fileprivate init(readingHDF5 error: any Error) { self = error as? NetError ?? NetError("\(error)") }
}
