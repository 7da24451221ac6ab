internal import CaffeCore
internal import CaffeData
internal import CaffeProto
internal import CaffeSolvers
internal import FoundationEssentials
internal import SwiftProtobuf

/// What protobuf stores: nets and solvers as text, weights, states and means in binary form.
extension FuzzTarget {
  static let messages = [
    FuzzTarget("net", endings: [".prototxt"]) { bytes, folder in
      let path = try folder.write(bytes, as: "net.prototxt")
      try checkPrinting(NetDefinition(contentsOf: path).parameter)
    },

    FuzzTarget("solver", endings: ["solver.prototxt", ".in.prototxt"]) { bytes, folder in
      let path = try folder.write(bytes, as: "solver.prototxt")
      let parameter = try SolverDefinition(contentsOf: path).parameter
      try checkPrinting(parameter)
      let solver = try SmallTraining.solver(in: folder) { $0 = trainable(parameter) }
      try solver.step(2)
    },

    FuzzTarget(
      "caffemodel", endings: [".caffemodel"], made: { try snapshot("made_iter_1.caffemodel") },
      read: { bytes, folder in
        let path = try folder.write(bytes, as: "made.caffemodel")
        try compareWays(path)
        try SmallTraining.net().copyWeights(fromFile: path)
      }),

    FuzzTarget(
      "solverstate", endings: [".solverstate"], made: { try snapshot("made_iter_1.solverstate") },
      read: { bytes, folder in
        let solver = try SmallTraining.solver(in: folder)
        try solver.net.saveWeights(to: folder.path + "/made_iter_1.caffemodel", asHDF5: false)
        try restore(solver, from: folder.write(bytes, as: "made.solverstate"))
      }),

    FuzzTarget("binaryproto", endings: [".binaryproto"]) { bytes, folder in
      let (shape, values) = try readMean(folder.write(bytes, as: "mean.binaryproto"))
      try require(shape.count == values.count, "a mean of \(shape) has \(values.count) values")
    },
  ]

  /// What is printed says the same when it is read and printed again.
  private static func checkPrinting(_ message: some Message) throws {
    let text = Prototxt.print(message)
    let again: String
    do { again = Prototxt.print(try Prototxt.parse(type(of: message), text: text, file: "printed")) } catch {
      throw FuzzFinding("what was printed cannot be read: \(error)")
    }
    try require(again == text, "what was printed reads as something else:\n\(text.prefix(2000))\n\(again.prefix(2000))")
  }

  /// The solver without nets and files, and with few passes.
  private static func trainable(_ solver: SolverParameter) -> SolverParameter {
    var solver = solver
    solver.clearNet()
    solver.clearTrainNet()
    solver.clearTrainNetParam()
    (solver.testNet, solver.testNetParam, solver.testIter, solver.testState) = ([], [], [], [])
    solver.testInterval = 0
    solver.clearTrainState()
    solver.weights = []
    (solver.snapshot, solver.snapshotBest) = (0, false)
    solver.iterSize = min(solver.iterSize, 2)
    return solver
  }

  /// A file of a run of one step.
  static func snapshot(_ file: String, asHDF5: Bool = false) throws -> [[UInt8]] {
    let folder = FuzzFolder()
    defer { folder.remove() }
    let solver = try SmallTraining.solver(in: folder) { $0.snapshotFormat = asHDF5 ? .hdf5 : .binaryproto }
    try solver.step(1)
    try solver.snapshot()
    return try [folder.bytes(of: file)]
  }

  /// Resumes a run and goes on with it.
  static func restore(_ solver: Solver, from path: String) throws {
    try solver.restore(from: path)
    // Positions near the end of the numbers are read; counting on from there is not reading.
    guard solver.iteration < 1 << 30 else { return }
    try solver.step(1)
  }

  /// Weights are read in two ways, value by value and as a whole, which must agree.
  private static func compareWays(_ path: String) throws {
    let whole = Result { try NetDefinition(contentsOfBinary: path).parameter }
    guard let file = try WeightFile(path: path) else {
      _ = try whole.get()
      return
    }
    let outline = file.definition.parameter
    guard case .success(let parameter) = whole else {
      // Damaged values are found out when they are read.
      for blob in outline.layer.flatMap(\.blobs) { _ = try? file.decoded(blob) }
      return
    }
    try require(outline.layer.count == parameter.layer.count, "\(outline.layer.count) layers are outlined")
    for (layer, outlined) in zip(parameter.layer, outline.layer) {
      try require(layer.blobs.count == outlined.blobs.count, "\(outlined.blobs.count) blobs are outlined")
      for (blob, outlined) in zip(layer.blobs, outlined.blobs) {
        guard let (values, gradients) = file.values(of: outlined) else {
          try require(file.decoded(outlined).bits == blob.bits, "a decoded blob differs")
          continue
        }
        for (values, expected) in [(values, blob.data), (gradients, blob.diff)] {
          try require(
            values.count == expected.count, "\(values.count) values are outlined in place of \(expected.count)")
          var read = [Float](repeating: 0, count: values.count)
          try read.withUnsafeMutableBufferPointer { try file.read(values, into: $0) }
          try require(read.map(\.bitPattern) == expected.map(\.bitPattern), "values differ")
        }
      }
    }
  }
}

extension BlobProto {
  /// All of it, in which NaN equals itself.
  fileprivate var bits: [UInt8] { (try? serializedBytes(partial: true)) ?? [] }
}
