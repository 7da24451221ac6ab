public import Caffe
import CaffeCore
import CaffeProto
import FoundationEssentials

/// What holds for every net, tried on a random one:
///
/// - gradients agree with finite differences;
/// - the fast engine agrees with the reference engine, on 1, 2 and 3 threads, in values and in gradients that add up;
/// - a net that infers by a plan agrees with one that runs layer by layer, whatever blob is looked at, with other parameters and
///   after changes of shape, and its gradients are right after a planned pass;
/// - bfloat16 agrees as far as its precision allows;
/// - weights survive every file format;
/// - a run that was interrupted goes on to the very same weights.
///
/// How far results may differ is measured: by what a net makes of changes of its inputs and weights as small as rounding errors.
public struct RandomNetCheck {
  /// One of the promises above.
  public enum Promise: String, CaseIterable, Sendable {
    case gradients, engines, plan, bfloat16, files, resuming
  }

  public var promises: [Promise]
  public var registry: LayerRegistry

  public init(_ promises: [Promise] = Promise.allCases, registry: LayerRegistry = .standard) {
    self.promises = promises
    self.registry = registry
  }

  /// A promise that a net breaks, and where.
  public struct Failure: Error, CustomStringConvertible {
    public var net: RandomNet
    public var promise: Promise
    public var complaint: String

    public var description: String { "\(promise.rawValue): \(complaint)\n\(net.text)" }
  }

  /// Whether a net can be built and run at all: a random one may be refused with good reason.
  public func isRefused(_ net: RandomNet) -> Bool {
    do {
      let trial = RandomNetTrial(net, registry: registry)
      let built = try trial.makeNet(.reference)
      try trial.feed(built, round: 0)
      try built.forward()
      try built.backward()
      return false
    } catch { return true }
  }

  /// Throws a `Failure`, with the smallest net that still fails, unless the net keeps every promise.
  public func check(_ net: RandomNet) throws {
    guard let failure = failure(of: net) else { return }
    throw RandomNetShrinking(self, failure).smallest
  }

  /// The first promise that the net breaks. Values near the kink of a function may break one by chance: then other values of the
  /// inputs do not.
  public func failure(of net: RandomNet) -> Failure? {
    guard !isRefused(net) else { return nil }
    for promise in promises {
      var complaint: String?
      for attempt in 0..<3 as Range<UInt64> {
        var again = net
        again.seed = attempt == 0 ? net.seed : Random.seed(net.seed, part: attempt)
        complaint = RandomNetTrial(again, registry: registry).complaint(promise)
        if complaint == nil { break }
      }
      if let complaint { return Failure(net: net, promise: promise, complaint: complaint) }
    }
    return nil
  }
}

/// A random net with the values that it is fed with.
struct RandomNetTrial {
  let net: RandomNet
  let registry: LayerRegistry

  init(_ net: RandomNet, registry: LayerRegistry) {
    self.net = net
    self.registry = registry
  }

  /// What is wrong, or nil.
  func complaint(_ promise: RandomNetCheck.Promise) -> String? {
    do {
      switch promise {
      case .gradients: return try complaintAboutGradients()
      case .engines: return try complaintAboutEngines()
      case .plan: return try complaintAboutPlan()
      case .bfloat16: return try complaintAboutBFloat16()
      case .files: return try complaintAboutFiles()
      case .resuming: return try complaintAboutResuming()
      }
    } catch { return refusesOtherValues ? nil : "\(error)" }
  }

  /// Whether the net, layer by layer, refuses values that it will be fed with: shapes behind Filter depend on them.
  private var refusesOtherValues: Bool {
    do {
      let net = try makeNet(.reference)
      for round in 0..<8 as Range<UInt64> {
        try feed(net, round: round)
        try net.forward()
      }
      return false
    } catch { return true }
  }

  // MARK: Nets and values

  func makeNet(
    _ engine: EngineChoice, threads: Int? = nil, phase: Phase = .train, precision: Precision? = nil
  ) throws -> Net {
    var environment = environment(engine, threads: threads)
    environment.precision = precision
    let built = try Net(NetDefinition(net.definition), phase: phase, in: environment)
    // Parameter has no filler, and 0 is where functions have their kinks.
    var random = Random(seed: net.seed, stream: 8)
    for node in built.layers where node.type == "Parameter" {
      for i in node.tops[0].data.mutableValues.indices { node.tops[0].data.mutableValues[i] = random.gaussian() }
    }
    return built
  }

  func environment(_ engine: EngineChoice, threads: Int? = nil) -> NetEnvironment {
    var environment = NetEnvironment.forTesting(registry: registry, engine: engine)
    environment.seed = net.seed
    if engine == .oneDNN { environment.makeEngine = { OneDNNEngine(threads: threads ?? 2) } }
    return environment
  }

  /// Gives the inputs values: the same for the same seed, round and name.
  func feed(_ net: Net, round: UInt64) throws {
    for node in net.layers where node.type == "Input" {
      for (name, top) in zip(node.definition.top, node.tops) {
        let kind = RandomInput(name: name)
        var random = Random(seed: self.net.seed, stream: 100 + round &* 1000 &+ Self.hash(name))
        let values = top.data.uninitializedValues
        for i in values.indices { values[i] = kind.draw(&random) }
      }
    }
    for case let layer as any StatefulLayer in net.layers.map(\.layer) {
      try layer.restore(seed: layer.seed, position: round * 10)
    }
  }

  private static func hash(_ name: String) -> UInt64 { name.utf8.reduce(7) { ($0 &* 31 &+ UInt64($1)) % 1_000_003 } }

  /// The parameters and the inputs of which there is a gradient.
  static func differentiable(_ net: Net) -> [(name: String, blob: Blob)] {
    var all: [(String, Blob)] = []
    for parameter in net.parameters where !parameter.isShared {
      let node = net.layers[parameter.layer]
      // The statistics of BatchNorm are no weights.
      let isStatistic = node.type == "BatchNorm" && parameter.index < 3
      if node.needsBackward, node.propagation.parameters[parameter.index], !isStatistic {
        all.append(("\(node.name)[\(parameter.index)]", parameter.blob))
      }
    }
    for index in net.inputs where RandomInput(name: net.blobNames[index]).isReal {
      let reader = net.layers.first { $0.bottomIndices.contains(index) }
      let place = reader?.bottomIndices.firstIndex(of: index)
      if let reader, let place, reader.needsBackward, reader.propagation.bottoms[place],
        !reader.topIndices.contains(index)
      {
        all.append((net.blobNames[index], net.blobs[index]))
      }
    }
    return all
  }

  /// Changes inputs and parameters by so large a part of their values.
  static func disturb(_ net: Net, by share: Float, seed: UInt64) {
    var random = Random(seed: seed, stream: 77)
    let inputs = net.inputs.filter { RandomInput(name: net.blobNames[$0]).isReal }.map { net.blobs[$0] }
    for blob in inputs + net.learnableParameters.map(\.blob) {
      let values = blob.data.mutableValues
      for i in values.indices { values[i] *= 1 + share * random.gaussian() }
    }
  }

  static func copyParameters(from source: Net, to target: Net) {
    for (a, b) in zip(source.parameters, target.parameters) where !a.isShared {
      b.blob.data.copyValues(of: a.blob.data)
    }
  }
}

extension Buffer {
  /// Copies the values alone, not the form of an engine.
  func copyValues(of other: Buffer) { _ = uninitializedValues.update(from: other.values) }
}
