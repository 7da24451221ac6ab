public import CaffeProto

/// What a prototxt says about one layer.
public typealias LayerDefinition = LayerParameter

/// One step of a net: it turns the blobs below it (bottoms) into the blobs above it (tops), and gradients the other way.
///
/// The life of a layer: `init` reads its parameters, once; `setUp` sees the first shapes of the bottoms and makes the
/// learned blobs; `reshape` gives every top its shape, at set-up and whenever a bottom changed; `forward` and `backward`
/// compute. Nothing allocates in `forward` and `backward` once shapes are stable.
///
/// Two rules: gradients of parameters **accumulate** (`+=`), gradients of bottoms are **overwritten** (`=`).
///
/// A layer throws a `NetError` with the cause alone; the net adds the layer's name and place.
public protocol Layer: AnyObject {
  /// The name in prototxt.
  static var type: String { get }

  /// How many bottoms and tops the layer takes.
  static var bottomCount: BlobCount { get }
  static var topCount: BlobCount { get }

  /// Whether there must be one top for each bottom.
  static var hasOneTopForEachBottom: Bool { get }

  init(_ definition: LayerDefinition, in context: LayerContext) throws

  /// The learned blobs, in the order in which files store them.
  var parameters: [Blob] { get }

  func setUp(_ bottom: [Blob], _ top: [Blob]) throws
  func reshape(_ bottom: [Blob], _ top: [Blob]) throws
  func forward(_ bottom: [Blob], _ top: [Blob]) throws

  /// Computes the gradients that `propagate` asks for.
  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws

  /// Whether `reshape` depends on more than the bottoms' shapes (their values, say) and must run before every forward.
  static var reshapesEveryPass: Bool { get }

  /// Whether missing tops are made automatically, and a weight of 1 goes with the first: the mark of a loss.
  static var isLoss: Bool { get }

  /// Whether `force_backward` may ask for the gradient of this bottom.
  func allowsForcedBackward(toBottom index: Int) -> Bool

  /// Adds to a definition what goes without saying, so that saved nets say it.
  static func complete(_ definition: inout LayerDefinition)

  /// What the layer computes, if an execution plan may compute it otherwise. Asked after `reshape`.
  var role: LayerRole { get }

  /// Whether `forward` may run again for the same pass, because it changes nothing but its tops.
  var isRepeatable: Bool { get }

  /// Whether the layer computes rightly, both ways, when the top of this index is the bottom of this index.
  static var worksInPlace: Bool { get }

  /// The values that `backward` reads: the net keeps them where a later layer overwrites them.
  var backwardReads: BackwardReads { get }

  /// Whether the layer runs code that comes with the net, and so is only for nets that are trusted.
  static var runsCodeOfNet: Bool { get }
}

extension Layer {
  public static var bottomCount: BlobCount { .exactly(1) }
  public static var topCount: BlobCount { .exactly(1) }
  public static var hasOneTopForEachBottom: Bool { false }
  public var parameters: [Blob] { [] }
  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {}
  public static var reshapesEveryPass: Bool { false }
  public static var isLoss: Bool { false }
  public func allowsForcedBackward(toBottom index: Int) -> Bool { !Self.isLoss || index != 1 }
  public static func complete(_ definition: inout LayerDefinition) {}
  public static var worksInPlace: Bool { false }
  public var backwardReads: BackwardReads { [.bottoms, .tops] }
  public static var runsCodeOfNet: Bool { false }
  public var role: LayerRole { .other }
  public var isRepeatable: Bool { true }
}

/// Which gradients a backward pass is to compute.
public struct Propagation: Hashable, Sendable {
  /// One answer for each bottom.
  public var bottoms: [Bool]
  /// One answer for each learned blob.
  public var parameters: [Bool]

  public init(bottoms: [Bool], parameters: [Bool] = []) {
    self.bottoms = bottoms
    self.parameters = parameters
  }

  /// Whether the bottom of this index wants its gradient.
  public subscript(bottom: Int) -> Bool { bottoms[bottom] }
}

/// How many blobs a layer takes on one side.
public enum BlobCount: Hashable, Sendable {
  case exactly(Int)
  case atLeast(Int)
  case between(Int, Int)

  /// The complaint about a wrong count, in the words that Caffe's users know; nil if the count is right.
  func complaint(about count: Int, type: String, verb: String, noun: String) -> String? {
    switch self {
    case .exactly(let exact) where count != exact: "\(type) Layer \(verb) \(exact) \(noun)."
    case .atLeast(let least) where count < least: "\(type) Layer \(verb) at least \(least) \(noun)."
    case .between(let least, _) where count < least: "\(type) Layer \(verb) at least \(least) \(noun)."
    case .between(_, let most) where count > most: "\(type) Layer \(verb) at most \(most) \(noun)."
    default: nil
    }
  }

  /// The least count that is enough.
  public var least: Int {
    switch self {
    case .exactly(let count), .atLeast(let count), .between(let count, _): count
    }
  }
}

/// A layer whose passes depend on chance or on a position in data: what a snapshot keeps so that an interrupted run goes on
/// as if nothing had happened.
///
/// Every draw is a function of `seed` and of a running count of items (records read, passes made), so two numbers say all.
public protocol StatefulLayer: Layer {
  var seed: UInt64 { get }
  /// How many items the passes so far have used up.
  var position: UInt64 { get }
  func restore(seed: UInt64, position: UInt64) throws
}

/// A layer whose passes begin with values that the pass before left behind, as those of a recurrent layer do. Snapshots keep
/// them.
public protocol CarryingLayer: Layer {
  var carried: [Buffer] { get }
}

extension CarryingLayer {
  public var isRepeatable: Bool { false }
}
