public import CaffeCore
public import CaffeProto

/// Switches elements off at random while the net learns (Srivastava et al., 2014), and scales the others up to make up for it.
///
///     TRAIN: y = x · mask / (1 − ratio), mask ~ Bernoulli(1 − ratio)
///     TEST:  y = x
///
/// The mask of the n-th pass depends on the layer's seed and n alone.
///
/// | blob                  | shape |
/// |-----------------------|-------|
/// | `bottom[0]`, `top[0]` | any   |
///
/// | parameter       | default |
/// |-----------------|---------|
/// | `dropout_ratio` | 0.5     |
public final class DropoutLayer: StatefulLayer {
  public static let type = "Dropout"
  public static let worksInPlace = true

  public private(set) var seed: UInt64
  public private(set) var position: UInt64 = 0
  private let ratio: Float
  private let isTraining: Bool
  private let engine: any Engine
  /// For each element 0 or 1 / (1 − ratio).
  private let mask = Buffer()

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    ratio = definition.dropoutParam.dropoutRatio
    isTraining = context.phase == .train
    seed = context.seed
    engine = context.engine
    guard 0...1 ~= ratio else { throw NetError("dropout_ratio is \(ratio), but it must lie between 0 and 1") }
  }

  /// In training, every pass draws another mask.
  public var isRepeatable: Bool { !isTraining }

  public func restore(seed: UInt64, position: UInt64) {
    self.seed = seed
    self.position = position
  }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) {
    top[0].reshape(like: bottom[0])
    if isTraining { mask.resize(to: bottom[0].count) }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) {
    guard isTraining else { return top[0].data.copy(from: bottom[0].data) }
    drawMask()
    multiply(bottom[0].data, bottom[0].shape, into: top[0].data)
  }

  public var backwardReads: BackwardReads { [] }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    guard isTraining else { return bottom[0].diff.copy(from: top[0].diff) }
    multiply(top[0].diff, top[0].shape, into: bottom[0].diff)
  }

  /// Draws the mask in pieces with a stream of random numbers each, so that it is the same on any number of threads.
  private func drawMask() {
    let seed = Random.seed(seed, part: position)
    position += 1
    let mask = self.mask.uninitializedValues
    let scale = 1 / (1 - ratio)
    let size = 4096
    engine.divide((mask.count + size - 1) / size) { pieces in
      for piece in pieces {
        var random = Random(seed: seed, stream: UInt64(piece))
        for i in piece * size..<min((piece + 1) * size, mask.count) {
          mask[i] = random.uniform() < ratio ? 0 : scale
        }
      }
    }
  }

  private func multiply(_ x: Buffer, _ shape: Shape, into y: Buffer) {
    let order = engine.order(of: x, shape)
    let x = engine.read(x, in: order)
    let mask = engine.read(mask, in: order)
    let y = engine.overwrite(y, in: order)
    engine.forElements(order?.storedCount ?? shape.count) { transform($0, x, mask, into: y) { $0 * $1 } }
  }
}
