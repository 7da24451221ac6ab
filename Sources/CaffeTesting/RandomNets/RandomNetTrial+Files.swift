import Caffe
import CaffeCore
import CaffeProto
import FoundationEssentials

extension RandomNetTrial {
  /// Writes weights to both kinds of file and reads them into other nets.
  func complaintAboutFiles() throws -> String? {
    try withFolder { folder in
      let net = try makeNet(.oneDNN, phase: .test)
      try feed(net, round: 0)
      try net.forward()
      for isHDF5 in [false, true] {
        let path = folder + (isHDF5 ? "/w.caffemodel.h5" : "/w.caffemodel")
        try net.saveWeights(to: path, asHDF5: isHDF5)
        var trial = self.net
        trial.seed &+= 1
        let other = try RandomNetTrial(trial, registry: registry).makeNet(.oneDNN, phase: .test)
        try other.copyWeights(fromFile: path)
        for (a, b) in zip(net.parameters, other.parameters) where !Self.areEqual(a.blob.data, b.blob.data) {
          return "\(path): parameter \(a.index) of \(net.layers[a.layer].name) is another one"
        }
        try feed(other, round: 0)
        try other.forward()
        for index in net.outputs where !Self.areEqual(net.blobs[index].data, other.blobs[index].data) {
          return "\(path): the result \(net.blobNames[index]) is another one"
        }
      }
      return nil
    }
  }

  /// Trains, and trains again with a snapshot and a restart in the middle.
  func complaintAboutResuming() throws -> String? {
    guard net.definition.layer.contains(where: { !$0.lossWeight.isEmpty || registry[$0.type]?.isLoss == true }) else {
      return nil
    }
    // What works in place on an input overwrites it, and nobody feeds it anew.
    let inputs = Set(net.definition.layer.filter { $0.type == "Input" }.flatMap(\.top))
    guard !net.definition.layer.contains(where: { $0.type != "Input" && $0.top.contains(where: inputs.contains) })
    else {
      return nil
    }
    return try withFolder { folder in
      var random = Random(seed: net.seed, stream: 3)
      var solver = SolverParameter()
      solver.type = ["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam", "AdamW"].randomElement(
        using: &random)!
      solver.netParam = net.definition
      (solver.baseLr, solver.lrPolicy, solver.gamma, solver.stepsize) = (1e-3, "step", 0.5, 2)
      if ["SGD", "Nesterov", "Adam", "AdamW", "AdaDelta"].contains(solver.type) { solver.momentum = 0.9 }
      if solver.type == "RMSProp" { solver.rmsDecay = 0.9 }
      solver.weightDecay = random.bernoulli(0.5) ? 0.01 : 0
      if random.bernoulli(0.3) { solver.clipGradients = 1 }
      solver.iterSize = Int32(1 + random.below(2))
      solver.snapshotFormat = random.bernoulli(0.5) ? .hdf5 : .binaryproto
      solver.snapshotPrefix = folder + "/run"
      let total = 2 + random.below(3)
      let middle = 1 + random.below(total - 1)
      solver.maxIter = Int32(total)
      func make() throws -> Solver { try Solver(SolverDefinition(solver), in: environment(.oneDNN)) }

      let whole = try make()
      try feed(whole.net, round: 0)
      let finite = try run(whole, total)
      let first = try make()
      try feed(first.net, round: 0)
      guard finite, try run(first, middle) else { return nil }
      let snapshot = try first.snapshot()
      let second = try make()
      try feed(second.net, round: 0)
      try second.restore(from: snapshot)
      _ = try run(second, total - middle)
      for (a, b) in zip(whole.net.parameters, second.net.parameters) where !Self.areEqual(a.blob.data, b.blob.data) {
        return
          "\(solver.type): parameter \(a.index) of \(whole.net.layers[a.layer].name) is another one after a restart"
          + " at \(middle) of \(total)"
      }
      return nil
    }
  }

  /// - Returns: whether the loss stayed a number.
  private func run(_ solver: Solver, _ count: Int) throws -> Bool {
    do { try solver.step(count) } catch { return false }
    return solver.net.learnableParameters.allSatisfy { $0.blob.data.values.allSatisfy(\.isFinite) }
  }

  static func areEqual(_ a: Buffer, _ b: Buffer) -> Bool {
    a.count == b.count
      && zip(a.values, b.values).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
  }

  private func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "random-net-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }
}
