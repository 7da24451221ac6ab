public import CaffeCore
public import CaffeProto

/// Lets those items of a batch pass whose selector is not 0, in order. The gradient of the others is 0.
///
/// | blob             | shape                                                        |
/// |------------------|--------------------------------------------------------------|
/// | `bottom[i]`      | N × …                                                        |
/// | `bottom.last`    | the selector: N × 1…; it has no gradient                     |
/// | `top[i]`         | M × …, M the number of items that pass, which may be 0       |
///
/// When a net is set up, before there are values, all items pass.
public final class FilterLayer: Layer {
  public static let type = "Filter"
  public static let bottomCount = BlobCount.atLeast(2)
  public static let topCount = BlobCount.atLeast(1)
  public static let reshapesEveryPass = true

  /// The items that pass; nil before the first values.
  private var passing: [Int]?
  private let tops: Int

  public init(_ definition: LayerDefinition, in context: LayerContext) { tops = definition.top.count }

  public func allowsForcedBackward(toBottom index: Int) -> Bool { index < tops }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    guard top.count == bottom.count - 1 else {
      throw NetError(
        "Top.size() should be equal to bottom.size() - 1 (there are \(top.count) tops and \(bottom.count) bottoms)",
        remedy: "the last bottom is the selector, which has no top")
    }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    let selector = bottom[bottom.count - 1]
    let batch = selector.shape[try selector.shape.axis(0)]
    guard selector.shape.count(1...) == 1 else {
      throw NetError("Selector blob dimensions must be singletons (1), except the first (it is \(selector.shape))")
    }
    for (index, blob) in bottom.dropLast().enumerated() where blob.shape[try blob.shape.axis(0)] != batch {
      throw NetError(
        "Each bottom should have the same 0th dimension as the selector blob "
          + "(bottom[\(index)] has \(blob.shape[0]), the selector \(batch))")
    }
    if passing == nil {
      passing = Array(0..<batch)
    } else {
      let values = selector.data.values
      passing?.removeAll(keepingCapacity: true)
      for item in 0..<batch where values[item] != 0 { passing?.append(item) }
    }
    for (bottom, top) in zip(bottom, top) {
      top.reshape(to: Shape([passing?.count ?? 0] + bottom.shape.axes(1...)))
    }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    for (bottom, top) in zip(bottom, top) {
      let x = bottom.data.values.baseAddress!
      let y = top.data.uninitializedValues.baseAddress!
      forEachItem(of: bottom) { place, item, size in (y + place * size).update(from: x + item * size, count: size) }
    }
  }

  public var backwardReads: BackwardReads { .bottoms }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) throws {
    guard !propagate[bottom.count - 1] else {
      throw NetError(
        "Layer cannot backpropagate to filter index inputs", remedy: "set propagate_down: false for the selector")
    }
    for (index, (bottom, top)) in zip(bottom, top).enumerated() where propagate[index] {
      let dy = top.diff.values.baseAddress!
      let dx = bottom.diff.uninitializedValues
      dx.update(repeating: 0)
      forEachItem(of: bottom) { place, item, size in
        (dx.baseAddress! + item * size).update(from: dy + place * size, count: size)
      }
    }
  }

  /// Calls `body` for each item that passes: its place in the top and in the bottom, and its size.
  private func forEachItem(of bottom: Blob, _ body: (_ place: Int, _ item: Int, _ size: Int) -> Void) {
    let size = bottom.shape.count(1...)
    for (place, item) in (passing ?? []).enumerated() { body(place, item, size) }
  }
}
