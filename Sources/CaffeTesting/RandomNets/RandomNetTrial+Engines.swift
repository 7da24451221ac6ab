import Caffe
import CaffeCore
import CaffeProto

extension RandomNetTrial {
  /// Compares the fast engine with the reference in training, over two passes whose gradients add up.
  func complaintAboutEngines() throws -> String? {
    let reference = try makeNet(.reference)
    let disturbed = try makeNet(.reference)
    let threads = 1 + Int(net.seed % 3)
    let fast = try makeNet(.oneDNN, threads: threads)
    Self.copyParameters(from: reference, to: disturbed)
    Self.copyParameters(from: reference, to: fast)
    for round in 0..<2 as Range<UInt64> {
      for net in [reference, disturbed, fast] { try feed(net, round: round) }
      Self.disturb(disturbed, by: 1e-6, seed: round)
      let couldRun = try run([reference, disturbed, fast]) { net in
        try net.forward()
        try net.backward()
      }
      guard couldRun else { return nil }
    }
    let place = "\(threads) threads"
    return Self.difference(fast, reference, disturbed, \.data, place) ?? Self.difference(
      fast, reference, disturbed, \.diff, place)
      ?? Self.parameterDifference(fast, reference, disturbed, place)
  }

  /// Compares a net that infers by a plan with one that runs layer by layer.
  func complaintAboutPlan() throws -> String? {
    let reference = try makeNet(.reference, phase: .test)
    let disturbed = try makeNet(.reference, phase: .test)
    let fast = try makeNet(.oneDNN, threads: 1 + Int(net.seed % 2), phase: .test)
    for net in [reference, disturbed] { net.keepsAllBlobs = true }
    Self.copyParameters(from: reference, to: disturbed)
    Self.copyParameters(from: reference, to: fast)
    var random = Random(seed: net.seed, stream: 5)
    let nets = [reference, disturbed, fast]
    for round in 0..<4 as Range<UInt64> {
      if round == 1 {
        for net in nets { Self.disturb(net, by: 0.1, seed: 50) }
      } else if round > 1 {
        try change(axis: round == 2 ? 0 : 2, of: nets)
      }
      for net in nets { try feed(net, round: round) }
      Self.disturb(disturbed, by: 1e-6, seed: round)
      guard try run(nets, { try $0.forward() }) else { return nil }
      let looked = fast.outputs + (0..<min(4, fast.blobs.count)).map { _ in random.below(fast.blobs.count) }
      for index in looked.shuffled(using: &random) {
        if let difference = Self.difference(
          fast.blobs[index].data, reference.blobs[index].data, disturbed.blobs[index].data,
          "round \(round), \(fast.blobNames[index])")
        {
          return difference
        }
      }
    }
    for net in nets { net.clearParameterDiffs() }
    guard try run(nets, { try $0.backward() }) else { return nil }
    return Self.parameterDifference(fast, reference, disturbed, "after a planned pass")
  }

  /// Compares a net that infers in bfloat16, where the processor can.
  func complaintAboutBFloat16() throws -> String? {
    guard let narrow = try? makeNet(.oneDNN, phase: .test, precision: .bfloat16) else { return nil }
    let reference = try makeNet(.reference, phase: .test)
    let disturbed = try makeNet(.reference, phase: .test)
    Self.copyParameters(from: reference, to: disturbed)
    Self.copyParameters(from: reference, to: narrow)
    for net in [reference, disturbed, narrow] { try feed(net, round: 0) }
    Self.disturb(disturbed, by: 4e-3, seed: 1)
    for net in [reference, disturbed, narrow] { try net.forward() }
    // Positions of maxima may be others.
    let marks: Set = ["ArgMax", "Threshold", "Accuracy"]
    guard !reference.layers.contains(where: { marks.contains($0.type) }) else { return nil }
    for index in narrow.outputs {
      if let difference = Self.difference(
        narrow.blobs[index].data, reference.blobs[index].data, disturbed.blobs[index].data, narrow.blobNames[index],
        tolerance: 0.03)
      {
        return difference
      }
    }
    return nil
  }

  /// Gives all inputs another batch or images of another size, unless the net cannot have such shapes.
  private func change(axis: Int, of nets: [Net]) throws {
    let old = nets[0].inputs.map { nets[0].blobs[$0].shape }
    let extent = old.first(where: { $0.rank > axis })?[axis] ?? 0
    for net in nets {
      for index in net.inputs {
        var dimensions = net.blobs[index].shape.dimensions
        guard dimensions.count > axis, dimensions[axis] == extent else { continue }
        dimensions[axis] = extent + (self.net.seed % 2 == 0 || extent < 2 ? 1 : -1)
        net.blobs[index].reshape(to: Shape(dimensions))
      }
    }
    guard try !run(nets, { try $0.reshape() }) else { return }
    for net in nets {
      for (index, shape) in zip(net.inputs, old) { net.blobs[index].reshape(to: shape) }
      try net.reshape()
    }
  }

  /// Does the same to several nets.
  ///
  /// - Returns: false if all refuse with the same words. It is an error if some only do.
  private func run(_ nets: [Net], _ work: (Net) throws -> Void) throws -> Bool {
    let complaints = nets.map { net -> String? in
      do {
        try work(net)
        return nil
      } catch { return "\(error)" }
    }
    guard complaints.allSatisfy({ $0 == complaints[0] }) else {
      throw NetError("engines disagree: \(complaints.map { $0 ?? "no error" })")
    }
    return complaints[0] == nil
  }

  // MARK: Comparison

  static func difference(
    _ fast: Net, _ reference: Net, _ disturbed: Net, _ part: KeyPath<Blob, Buffer>, _ place: String
  ) -> String? {
    for (index, name) in fast.blobNames.enumerated() {
      let side = part == \Blob.diff ? "diff of" : "values of"
      if let difference = difference(
        fast.blobs[index][keyPath: part], reference.blobs[index][keyPath: part], disturbed.blobs[index][keyPath: part],
        "\(place), \(side) \(name)")
      {
        return difference
      }
    }
    return nil
  }

  static func parameterDifference(_ fast: Net, _ reference: Net, _ disturbed: Net, _ place: String) -> String? {
    for (index, parameter) in fast.parameters.enumerated() {
      if let difference = difference(
        parameter.blob.diff, reference.parameters[index].blob.diff, disturbed.parameters[index].blob.diff,
        "\(place), diff of \(fast.layers[parameter.layer].name)[\(parameter.index)]")
      {
        return difference
      }
    }
    return nil
  }

  /// Where values differ by more than rounding explains.
  static func difference(
    _ fast: Buffer, _ reference: Buffer, _ disturbed: Buffer, _ place: String, tolerance: Float = 1e-4
  ) -> String? {
    let (a, b, c) = (Array(fast.values), Array(reference.values), Array(disturbed.values))
    guard a.count == b.count else { return "\(place): \(a.count) values instead of \(b.count)" }
    let finite = b.filter(\.isFinite)
    let largest = finite.map(abs).max() ?? 0
    guard largest < 1e6 else { return nil }
    var noise = zip(b, c).map { abs($0 - $1) }.filter(\.isFinite).max() ?? 0
    noise = max(noise, 1e-7)
    let bound = tolerance * largest + 30 * noise
    for (index, (a, b)) in zip(a, b).enumerated() where b.isFinite && !(abs(a - b) <= bound) {
      return "\(place)[\(index)]: \(a) instead of \(b) (largest \(largest), tolerance \(bound))"
    }
    return nil
  }
}
