internal import CaffeCore
internal import CaffeKernels

extension WinogradConvolution {
  /// Whether the algorithm is estimated to be faster than the direct ways. See `DirectEstimate`.
  ///
  /// - Parameters:
  ///   - precision: that of the activations, and of the products of the direct way.
  ///   - packs: whether the weights are new in each pass, as in training.
  ///   - panels: whether `PanelConvolution` may be used otherwise.
  static func isWorthwhile(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, threads: Int, packs: Bool = false,
    panels: Bool = false
  ) -> Bool {
    guard let tiles = tiles(description) else { return false }
    var direct = DirectEstimate.seconds(description, precision, threads: threads)
    if panels, precision == .float32, let seconds = PanelConvolution.seconds(description, threads: threads) {
      direct = min(direct, seconds)
    }
    let threads = Double(threads)
    let group = Double(description.group)
    let channels = Double(description.channels) / group
    let outputs = Double(description.outputs) / group
    guard min(channels, outputs) >= 16 else { return false }
    let outputBlocks = (outputs / 16).rounded(.up)

    let count = Double(tiles.count)
    let places = Double(WinogradTiles.places)
    let weights = 4 * places * group * channels * outputBlocks * 16
    let products = weights / 2 * max(count, 4) / (240e9 * threads)
    let reading = weights / DirectEstimate.bandwidth
    // 40 ns for a transform of 16 channels of a tile, 60 ns for one of 16 filters.
    let transforms = group * count * ((channels / 16).rounded(.up) + outputBlocks) * 40e-9 / threads
    let packing = packs ? group * channels * outputBlocks * 60e-9 / threads + 2 * reading : 0
    // A quarter more for what the parts lose in each other's company, and some microseconds for threads to meet.
    let sum = max(products, reading) + 0.3 * min(products, reading) + transforms
    let winograd = 1.25 * sum + packing + 5e-6
    return winograd < direct
  }

  /// Whether the same holds for the gradient by the weights, with so many tiles at a time.
  static func isWorthwhileForWeights(_ description: ConvolutionDescription, threads: Int, chunk: Int) -> Bool {
    guard let tiles = tiles(description) else { return false }
    let threads = Double(threads)
    let group = Double(description.group)
    let channels = Double(description.channels) / group
    let outputBlocks = (Double(description.outputs) / group / 16).rounded(.up)
    guard min(channels, outputBlocks * 16) >= 16 else { return false }
    let taps = Double(description.kernel[0] * description.kernel[1])
    let pixels = Double(description.batch * description.output[0] * description.output[1])
    let direct = 2 * taps * pixels * channels * Double(description.outputs) / (220e9 * threads)

    let count = Double(tiles.count)
    let weights = 4 * Double(WinogradTiles.places) * group * channels * outputBlocks * 16
    let products = weights / 2 * count / (200e9 * threads)
    let transforms = group * count * (channels / 16 + outputBlocks) * 60e-9 / threads
    let adding = weights / DirectEstimate.bandwidth * (1 + 2 * (count / Double(chunk)).rounded(.up))
    // Each thread correlates what all have transformed.
    let exchange = 4 * Double(WinogradTiles.places) * group * count * (channels + outputBlocks * 16) / 30e9
    return 1.25 * (products + transforms) + adding + exchange + 1e-5 < direct
  }
}
