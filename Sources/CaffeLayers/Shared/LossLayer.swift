public import CaffeCore
internal import CaffeProto

/// A layer that compares two bottoms and yields one number, which learning makes small.
///
/// The net puts the weight of the loss into the top's gradient; every gradient is proportional to it.
public protocol LossLayer: Layer {}

extension LossLayer {
  public static var bottomCount: BlobCount { .exactly(2) }
  public static var isLoss: Bool { true }
  public var backwardReads: BackwardReads { .bottoms }

  /// Refuses bottoms of different batch size.
  func checkBatch(_ bottom: [Blob]) throws(NetError) {
    let first = bottom[0].shape
    let second = bottom[1].shape
    guard first[try first.axis(0)] == second[try second.axis(0)] else {
      throw NetError("The data and label should have the same first dimension. (\(first[0]) vs. \(second[0]))")
    }
  }
}

/// By what a sum of losses is divided (`loss_param`).
///
/// | `normalization` | divisor                                 |
/// |-----------------|-----------------------------------------|
/// | `FULL`          | all positions, outer · inner            |
/// | `VALID`         | the positions that are not ignored      |
/// | `BATCH_SIZE`    | outer                                   |
/// | `NONE`          | 1                                       |
///
/// The divisor is at least 1. The older `normalize` counts where `normalization` is absent: true is `VALID`, false
/// `BATCH_SIZE`.
struct LossNormalization {
  typealias Mode = LossParameter.NormalizationMode

  let mode: Mode
  /// The label that does not count.
  let ignoredLabel: Int?

  init(_ parameter: LossParameter, default mode: Mode) {
    ignoredLabel = parameter.hasIgnoreLabel ? Int(parameter.ignoreLabel) : nil
    if parameter.hasNormalization {
      self.mode = parameter.normalization
    } else if parameter.hasNormalize {
      self.mode = parameter.normalize ? .valid : .batchSize
    } else {
      self.mode = mode
    }
  }

  func divisor(outer: Int, inner: Int, valid: Int) -> Float {
    let positions =
      switch mode {
      case .full: outer * inner
      case .valid: valid
      case .batchSize: outer
      case .none: 1
      }
    return Float(max(1, positions))
  }
}
