/// A layer type for random nets: how often it comes, and how its settings and bottoms are drawn.
///
///     RandomLayer("Softmax", weight: 2) { draft in
///       guard let x = draft.pick({ $0.shape.rank > 1 }) else { return nil }
///       return .init("softmax_param { axis: \(draft.axis(of: x)) }", [x], tops: [.nonNegative])
///     }
public struct RandomLayer: Sendable {
  public var type: String
  /// How often the type comes, relative to others.
  public var weight: Int
  /// Nil where nothing in the draft suits.
  public var propose: @Sendable (inout RandomNetDraft) -> Proposal?

  public init(_ type: String, weight: Int = 1, propose: @escaping @Sendable (inout RandomNetDraft) -> Proposal?) {
    self.type = type
    self.weight = weight
    self.propose = propose
  }

  /// What a layer's top holds.
  public enum Top: Sendable {
    case real
    /// Real numbers of 0 or more.
    case nonNegative
    /// Positions, masks and counts, which have no gradient.
    case marks
  }

  /// A layer that might be added: the net refuses it if its shapes do not fit.
  public struct Proposal {
    public var settings: String
    public var bottoms: [RandomNetDraft.Entry]
    public var tops: [Top]
    /// How many learned blobs it has, some of which may be frozen.
    public var parameters: Int
    /// Whether it may work in place, if its type can.
    public var worksInPlace: Bool
    /// Whether it has no gradient.
    public var stopsGradients: Bool

    public init(
      _ settings: String, _ bottoms: [RandomNetDraft.Entry], tops: [Top] = [.real], parameters: Int = 0,
      worksInPlace: Bool = true, stopsGradients: Bool = false
    ) {
      self.settings = settings
      self.bottoms = bottoms
      self.tops = tops
      self.parameters = parameters
      self.worksInPlace = worksInPlace
      self.stopsGradients = stopsGradients
    }
  }
}

extension RandomLayer {
  /// Every layer type of the package that computes, but for those that read files.
  public static let all: [RandomLayer] = neurons + vision + learned + normalizations + rearranging + recurrent + losses
}

extension RandomNetDraft {
  /// An axis of a blob, counted from either end.
  mutating func axis(of entry: Entry, from first: Int = 0) -> Int {
    let axis = first + random.below(max(1, entry.shape.rank - first))
    return chance(0.3) ? axis - entry.shape.rank : axis
  }

  /// Fillers that keep values about as large as they are.
  func fillers(_ inputs: Int) -> String {
    let deviation = 1 / Float(max(1, inputs)).squareRoot()
    return "weight_filler { type: 'gaussian' std: \(deviation) } bias_filler { type: 'uniform' min: -0.5 max: 0.5 }"
  }
}
