internal import CaffeCore
internal import CaffeKernels

extension WinogradConvolution {
  /// With how many points the algorithm is estimated to be faster than the direct ways, and fastest; nil if it is not. See
  /// `DirectEstimate`.
  ///
  /// - Parameters:
  ///   - precision: that of the activations, and of the products of the direct way.
  ///   - packs: whether the weights are new in each pass, as in training.
  ///   - panels: whether `PanelConvolution` may be used otherwise.
  static func bestPoints(
    _ description: ConvolutionDescription, _ precision: Precision = .float32, threads: Int, packs: Bool = false,
    panels: Bool = false
  ) -> Int? {
    var least = DirectEstimate.seconds(description, precision, threads: threads)
    if panels, let seconds = PanelConvolution.seconds(description, precision, threads: threads) {
      least = min(least, seconds)
    }
    var best: Int?
    for points in packs ? [6] : [6, 4] {
      guard let seconds = seconds(description, points: points, threads: threads, packs: packs), seconds < least else {
        continue
      }
      (least, best) = (seconds, points)
    }
    return best
  }

  /// An estimate; nil for convolutions of another form.
  private static func seconds(
    _ description: ConvolutionDescription, points: Int, threads: Int, packs: Bool
  ) -> Double? {
    guard let tiles = tiles(description, points: points) else { return nil }
    let schedule = Schedule(
      tiles, channels: description.channels / description.group, outputs: description.outputs / description.group,
      threads: threads, mayTransformWeights: !packs)
    let threads = Double(threads)
    let group = Double(description.group)
    let channels = Double(description.channels) / group
    let outputs = Double(description.outputs) / group
    guard min(channels, outputs) >= 16 else { return nil }
    let outputBlocks = (outputs / 16).rounded(.up)

    let count = Double(tiles.count)
    let places = Double(tiles.places)
    let weights = 4 * places * group * channels * outputBlocks * 16
    let products = weights / 2 * max(count, 4) / (240e9 * threads)
    // 40 ns or 18 ns for a transform of 16 channels of a tile; 60 ns for one of 16 filters, 30 ns where it stays in the caches.
    let transform = points == 6 ? 40e-9 : 18e-9
    var transforms = group * count * ((channels / 16).rounded(.up) + outputBlocks) * transform / threads
    var reading = weights / DirectEstimate.bandwidth
    let transformOfWeights = group * channels * outputBlocks * 60e-9 / threads
    if schedule.transformsWeights {
      transforms += transformOfWeights / 2
      reading *= Double(description.weights.count) * 4 / weights
    }
    let packing = packs ? transformOfWeights + 2 * reading : 0
    // More for what the parts lose in each other's company, and some microseconds for threads to meet.
    let loss = points == 6 ? 1.25 : 1.15
    let sum = max(products, reading) + 0.3 * min(products, reading) + transforms
    return loss * sum + packing + 5e-6
  }

  /// Whether the same holds for the gradient by the weights, with so many tiles at a time.
  static func isWorthwhileForWeights(_ description: ConvolutionDescription, threads: Int, chunk: Int) -> Bool {
    guard let tiles = tiles(description, points: 6) else { return false }
    let threads = Double(threads)
    let group = Double(description.group)
    let channels = Double(description.channels) / group
    let outputBlocks = (Double(description.outputs) / group / 16).rounded(.up)
    guard min(channels, outputBlocks * 16) >= 16 else { return false }
    let taps = Double(description.kernel[0] * description.kernel[1])
    let pixels = Double(description.batch * description.output[0] * description.output[1])
    let direct = 2 * taps * pixels * channels * Double(description.outputs) / (220e9 * threads)

    let count = Double(tiles.count)
    let weights = 4 * Double(tiles.places) * group * channels * outputBlocks * 16
    let products = weights / 2 * count / (200e9 * threads)
    let transforms = group * count * (channels / 16 + outputBlocks) * 60e-9 / threads
    let adding = weights / DirectEstimate.bandwidth * (1 + 2 * (count / Double(chunk)).rounded(.up))
    // Each thread correlates what all have transformed.
    let exchange = 4 * Double(tiles.places) * group * count * (channels + outputBlocks * 16) / 30e9
    return 1.25 * (products + transforms) + adding + exchange + 1e-5 < direct
  }
}
