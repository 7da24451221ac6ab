internal import CaffeCore

/// The values of a bottom as the forward pass saw them: the bottom itself or, where the layer works in place and so
/// overwrites them, a copy.
final class KeptInput {
  private let copy = Buffer()
  private var isCopied = false

  /// To be called before the forward pass writes `top`.
  func keep(_ bottom: Blob, before top: Blob) {
    isCopied = bottom.data === top.data
    guard isCopied else { return }
    copy.resize(to: bottom.count)
    copy.copy(from: bottom.data)
  }

  func buffer(of bottom: Blob) -> Buffer { isCopied ? copy : bottom.data }

  func values(of bottom: Blob) -> UnsafeBufferPointer<Float> { buffer(of: bottom).values }
}
