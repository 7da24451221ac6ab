public import Caffe
import CaffeCore
public import CaffeProto

/// A net that nobody wrote, made from a seed: random layers, settings, shapes and connections.
///
///     try RandomNetCheck().check(RandomNet(seed: 4711))
///
/// The net's inputs say by their names what they are to be fed with (`RandomInput`), so that the printed net and the seed are
/// all that is needed to see a failure again. Add a `RandomLayer` of your own to try a layer of yours among the others.
public struct RandomNet: Sendable {
  public var definition: NetParameter
  /// Of the values of inputs and parameters.
  public var seed: UInt64

  public init(_ definition: NetParameter, seed: UInt64) {
    self.definition = definition
    self.seed = seed
  }

  /// - Parameters:
  ///   - layers: the types that may occur.
  ///   - registry: what makes the layers.
  public init(seed: UInt64, layers: [RandomLayer] = RandomLayer.all, registry: LayerRegistry = .standard) {
    var draft = RandomNetDraft(seed: seed, registry: registry)
    draft.addInputs()
    let count = 1 + draft.random.below(8)
    let weights = layers.map(\.weight)
    for _ in 0..<count { draft.add(layers[draft.choice(weighted: weights)]) }
    draft.addLosses()
    self.init(draft.definition, seed: seed)
  }

  /// The net as a file that begins with the seed.
  public var text: String { "# seed: \(seed)\n" + Prototxt.print(definition) }
}

/// What a random net's input is fed with, by its name: `x3` real numbers, `labels5_2` whole numbers below 5, `binary_7` zeros and
/// ones, `share_4` numbers between 0 and 1.
enum RandomInput {
  case real
  case labels(Int)
  case binary
  case share

  init(name: String) {
    if name.hasPrefix("labels") {
      self = .labels(Int(name.dropFirst(6).prefix { $0.isNumber }) ?? 1)
    } else if name.hasPrefix("binary") {
      self = .binary
    } else {
      self = name.hasPrefix("share") ? .share : .real
    }
  }

  var prefix: String {
    switch self {
    case .real: "x"
    case .labels(let bound): "labels\(bound)_"
    case .binary: "binary_"
    case .share: "share_"
    }
  }

  /// Whether a gradient by this input makes sense.
  var isReal: Bool { if case .real = self { true } else { false } }

  func draw(_ random: inout Random) -> Float {
    switch self {
    case .real: random.gaussian()
    case .labels(let bound): Float(random.below(bound))
    case .binary: Float(random.below(2))
    case .share: random.uniform(0.05, 0.95)
    }
  }
}
