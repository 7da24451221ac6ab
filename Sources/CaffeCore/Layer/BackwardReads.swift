/// The values that a layer's backward pass reads.
///
/// A later layer that works in place may overwrite them. The net then keeps a copy for the backward pass
/// (`OverwrittenValues`).
public struct BackwardReads: OptionSet, Hashable, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// The values of the bottoms. A bottom that is also the layer's top is the layer's own business.
  public static let bottoms = BackwardReads(rawValue: 1)
  /// The values of the tops.
  public static let tops = BackwardReads(rawValue: 2)
}
