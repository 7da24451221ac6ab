public import CaffeCore
public import CaffeProto

/// Made-up data: constants, which are filled in once, or numbers from a filler, drawn anew in every forward pass.
///
/// The draws of the n-th pass depend on the layer's seed and n alone.
///
/// | blob     | shape    |
/// |----------|----------|
/// | `top[i]` | as given |
///
/// | parameter                          | default                                                   |
/// |------------------------------------|-----------------------------------------------------------|
/// | `shape`                            | one for all tops, or one for each                         |
/// | `num`, `channels`, `height`, `width` | the older form of the same                              |
/// | `data_filler`                      | constant 0; one for all tops, or one for each             |
public final class DummyDataLayer: StatefulLayer {
  public static let type = "DummyData"
  public static let bottomCount = BlobCount.exactly(0)
  public static let topCount = BlobCount.atLeast(1)

  public private(set) var seed: UInt64
  public private(set) var position: UInt64 = 0
  private let parameter: DummyDataParameter
  private let restrictions: Restrictions?

  public init(_ definition: LayerDefinition, in context: LayerContext) {
    parameter = definition.dummyDataParam
    seed = context.seed
    restrictions = context.restrictions
  }

  public func restore(seed: UInt64, position: UInt64) {
    self.seed = seed
    self.position = position
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let fillers = parameter.dataFiller.count
    guard fillers <= 1 || fillers == top.count else {
      throw NetError(
        """
        Number of data fillers must be 0, 1 or equal to the number of tops: \(top.count); you specified \(fillers) data \
        fillers.
        """)
    }
    let shapes = try shapes(top.count)
    let bytes = shapes.reduce(0) { $0 + $1.count * MemoryLayout<Float>.stride }
    try restrictions?.check(bytes: bytes, for: "what the layer makes")
    for (top, shape) in zip(top, shapes) { top.reshape(to: shape) }
    var random = Random(seed: seed, stream: position)
    for (index, top) in top.enumerated() { try filler(index).fill(top, from: &random) }
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) {}

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    var random = Random(seed: seed, stream: position)
    position += 1
    for (index, top) in top.enumerated() where filler(index).type != "constant" {
      try filler(index).fill(top, from: &random)
    }
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}

  private func filler(_ top: Int) -> FillerParameter {
    let fillers = parameter.dataFiller
    return fillers.isEmpty ? FillerParameter() : fillers[fillers.count == 1 ? 0 : top]
  }

  private func shapes(_ tops: Int) throws -> [Shape] {
    let legacy = [
      ("num", parameter.num), ("channels", parameter.channels), ("height", parameter.height),
      ("width", parameter.width),
    ]
    guard legacy.contains(where: { !$0.1.isEmpty }) else {
      try checkCount("shape", parameter.shape.count, tops)
      return try (0..<tops).map { top in
        try Shape(checking: parameter.shape[parameter.shape.count == 1 ? 0 : top].dim)
      }
    }
    guard parameter.shape.isEmpty else { throw NetError("Both shape and legacy fields were specified") }
    for (name, values) in legacy { try checkCount(name, values.count, tops) }
    return try (0..<tops).map { top in
      try Shape(checking: legacy.map { _, values in values[values.count == 1 ? 0 : top] })
    }
  }

  private func checkCount(_ name: String, _ count: Int, _ tops: Int) throws {
    guard count == 1 || count == tops else {
      throw NetError("Must specify '\(name)' once, or once per top blob (\(tops)); specified \(count).")
    }
  }
}
