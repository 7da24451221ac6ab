package import CaffeKernels

/// A convolution by kernels of our own, on activations in blocks of 16 channels (items × blocks × height × width × 16). What fills
/// up the last block is zero in the source and becomes zero in the destination.
package protocol BlockedConvolution: AnyObject {
  /// What computes, for reports.
  var kernel: String { get }

  /// The number of floats that `pack` writes.
  var packedCount: Int { get }

  /// Brings row-major weights into the order in which they are used.
  func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>)

  /// Whether `pack` writes filters as they are, in blocks of 16 outputs × 16 channels.
  var takesFilterBlocks: Bool { get }

  /// - Parameters:
  ///   - source: Values of the convolution's precision, as those of the destination.
  ///   - sourceItemStride: Values from one item to the next: more than its blocks where it is a slice of a larger tensor.
  ///   - packed: What `pack` has made of the weights, at an address divisible by 64.
  func forward(
    _ source: UnsafeRawPointer, sourceItemStride: Int, packed: UnsafePointer<Float>, epilogue: Epilogue,
    into destination: UnsafeMutableRawPointer, destinationItemStride: Int)
}

extension BlockedConvolution {
  package var takesFilterBlocks: Bool { false }
}
