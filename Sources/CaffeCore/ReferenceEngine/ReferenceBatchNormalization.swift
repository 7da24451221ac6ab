/// Batch normalisation over row-major values, one channel after the other.
package final class ReferenceBatchNormalization: BatchNormalizationOperation {
  package let description: BatchNormalizationDescription

  package init(_ description: BatchNormalizationDescription) { self.description = description }

  package func forward(_ source: Buffer, mean: Buffer, variance: Buffer, into destination: Buffer) {
    if !description.usesGivenStatistics { computeStatistics(of: source, mean, variance) }
    let x = source.values
    let y = destination.uninitializedValues
    let means = mean.values
    let variances = variance.values
    for channel in 0..<description.channels {
      let mean = means[channel]
      let scale = scale(variances[channel])
      forEachRun(of: channel) { run in
        for i in run { y[i] = (x[i] - mean) * scale }
      }
    }
  }

  package func backward(
    _ destinationDiff: Buffer, at source: Buffer, mean: Buffer, variance: Buffer, into sourceDiff: Buffer
  ) {
    guard let dy = destinationDiff.values.baseAddress, let x = source.values.baseAddress,
      let dx = sourceDiff.uninitializedValues.baseAddress
    else { return }
    differentiate(dy, x, mean.values, variance.values, into: dx, channels: 0..<description.channels)
  }

  /// The gradient in some of the channels.
  package func differentiate(
    _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ means: UnsafeBufferPointer<Float>,
    _ variances: UnsafeBufferPointer<Float>, into dx: UnsafeMutablePointer<Float>, channels: Range<Int>
  ) {
    let count = Float(description.valuesPerChannel)
    for channel in channels {
      let mean = means[channel]
      let scale = scale(variances[channel])
      var total: Double = 0
      var totalTimesX: Double = 0
      if !description.usesGivenStatistics {
        forEachRun(of: channel) { run in
          total += Double(sum(dy + run.lowerBound, count: run.count))
          totalTimesX += Double(dot(dy + run.lowerBound, x + run.lowerBound, count: run.count))
        }
      }
      let meanOfGradient = Float(total) / count
      let meanOfProduct = Float(totalTimesX - Double(mean) * total) * scale / count
      forEachRun(of: channel) { run in
        for i in run { dx[i] = (dy[i] - meanOfGradient - (x[i] - mean) * scale * meanOfProduct) * scale }
      }
    }
  }

  private func computeStatistics(of source: Buffer, _ mean: Buffer, _ variance: Buffer) {
    let x = source.values.baseAddress!
    let means = mean.uninitializedValues
    let variances = variance.uninitializedValues
    let count = Double(description.valuesPerChannel)
    for channel in 0..<description.channels {
      var total: Double = 0
      // In double precision throughout, so that equal values have themselves as their mean, and not rounding errors divided by ε.
      forEachRun(of: channel) { run in for i in run { total += Double(x[i]) } }
      let mean = Float(total / count)
      var squares: Double = 0
      forEachRun(of: channel) { run in
        squares += Double(sumOfSquaredDifferences(x + run.lowerBound, mean, count: run.count))
      }
      means[channel] = mean
      variances[channel] = Float(squares / count)
    }
  }

  private func scale(_ variance: Float) -> Float { 1 / (variance + description.epsilon).squareRoot() }

  @inline(__always)
  private func forEachRun(of channel: Int, _ body: (_ run: Range<Int>) -> Void) {
    let inner = description.shape.count(2...)
    for item in 0..<description.shape[0] {
      let start = (item * description.channels + channel) * inner
      body(start..<start + inner)
    }
  }
}
