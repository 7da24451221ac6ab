internal import CaffeCore

/// Finds the rows of HDF5 files in the order in which they come; lives on the prefetching thread.
final class HDF5RowReader {
  private let files: HDF5FileList
  private let shuffles: Bool
  private let seed: UInt64
  private let transformer: Transformer?
  private var pass: Pass?
  private var loaded: LoadedFile?

  init(_ files: HDF5FileList, shuffles: Bool, seed: UInt64, _ transformer: Transformer?) {
    self.files = files
    self.shuffles = shuffles
    self.seed = seed
    self.transformer = transformer
  }

  /// Writes the row of a running number to the place of an item in each buffer of a batch, the first one transformed.
  func read(row number: UInt64, into batch: Batch, at item: Int) throws(NetError) {
    let (file, row) = try locate(number)
    for (index, values) in file.values.enumerated() {
      let size = files.rowShapes[index].count
      let outputSize = batch.shapes[index].count / batch.shapes[index].dimensions[0]
      guard size > 0, outputSize > 0 else { continue }
      let output = batch.buffers[index].uninitializedValues[item * outputSize..<(item + 1) * outputSize]
      let target = UnsafeMutableBufferPointer(rebasing: output)
      if index == 0, let transformer {
        let axes = files.rowShapes[0].dimensions
        let image = try Image(
          ImageShape(axes[0], axes[1], axes[2]), .floats(Array(values[row * size..<(row + 1) * size])))
        var random = Random(seed: seed, stream: number)
        try transformer.transform(image, random: &random, into: target)
      } else {
        values.withUnsafeBufferPointer { values in
          _ = target.update(from: UnsafeBufferPointer(rebasing: values[row * size..<(row + 1) * size]))
        }
      }
    }
  }

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
    let pass = order(ofPass: number / files.total)
    var rest = Int(number % files.total)
    for file in pass.files {
      if rest < files.rowCounts[file] {
        let loaded = try load(file, inPass: pass.number)
        return (loaded, loaded.rows.isEmpty ? rest : loaded.rows[rest])
      }
      rest -= files.rowCounts[file]
    }
    preconditionFailure("a row number is less than the number of rows")
  }

  private func order(ofPass number: UInt64) -> Pass {
    if let pass, pass.number == number { return pass }
    var order = Array(files.paths.indices)
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
      values = try files.read(file)
    }
    var rows: [Int] = []
    if shuffles {
      rows = Array(0..<files.rowCounts[file])
      var random = Random(seed: Random.seed(seed, part: pass), stream: UInt64(file) + 1)
      rows.shuffle(using: &random)
    }
    let loaded = LoadedFile(index: file, pass: pass, values: values, rows: rows)
    self.loaded = loaded
    for (values, shape) in zip(values, files.rowShapes) where values.count != files.rowCounts[file] * shape.count {
      throw NetError(
        "\(files.paths[file]) was changed while it was being used", remedy: "start again when it is complete")
    }
    return loaded
  }
}
