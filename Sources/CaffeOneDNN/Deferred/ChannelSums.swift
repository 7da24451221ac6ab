internal import CaffeKernels

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// What the gradient of a normalisation needs: for each channel, sums of the gradient g over all places.
struct GradientSums {
  /// x
  let source: Memory
  /// A number near the mean of x, so that no digits are lost.
  let shift: ChannelValues
  /// Σ g
  var total: ChannelValues
  /// Σ g · (x − shift)
  var product: ChannelValues

  /// The sums of factor · g.
  func scaled(by factor: ChannelValues) -> GradientSums {
    GradientSums(source: source, shift: shift, total: total * factor, product: product * factor)
  }
}

extension Deferred {
  /// The sums of these gradients, in the same order for any number of threads.
  ///
  /// Where the gradients would have to be put together again when they are used, they are computed on the way.
  func sums(with source: Memory, shift: @autoclosure () -> ChannelValues, on runtime: Runtime) -> GradientSums {
    if let sums, sums.source === source { return sums }
    let shift = shift()
    let isKept = !isComputed && !isCheap(beside: source)
    let target = isKept ? target(on: runtime) : nil
    let known = isComputed ? memory(on: runtime) : nil
    let evaluation = Evaluation(known.map { Formula(terms: [Term(source: $0)]) } ?? formulaOrValues, blocks)
    let (g, kept) = ((known?.values).map { UnsafePointer($0) }, target?.values)
    let partial = RowSums(blocks)
    blocks.forEachRow(on: runtime) { row in
      if blocks.width == 16 {
        partial.add(row, evaluation, g, kept, source.values, shift, SIMD16<Float>.self)
      } else {
        partial.add(row, evaluation, g, kept, source.values, shift, SIMD8<Float>.self)
      }
    }
    if let target { finish(target) }
    let sums = GradientSums(source: source, shift: shift, total: partial.sum(0), product: partial.sum(1))
    self.sums = sums
    return sums
  }

  /// Whether the gradients can be put together from one source and x alone.
  private func isCheap(beside source: Memory) -> Bool {
    guard let formula, formula.terms.count == 1 else { return false }
    guard let gate = formula.terms[0].gate else { return true }
    return gate.affine?.x === source
  }
}

/// The mean and the biased variance of each channel.
struct ChannelStatistics {
  var mean: ChannelValues
  var variance: ChannelValues

  /// Short sums in single precision, around a mean of their own, are joined in double precision.
  init(of source: Memory, _ blocks: Blocks, on runtime: Runtime) {
    let partial = RowSums(blocks)
    let x = UnsafePointer(source.values)
    blocks.forEachRow(on: runtime) { row in
      if blocks.width == 16 {
        partial.addMoments(row, x, SIMD16<Float>.self)
      } else {
        partial.addMoments(row, x, SIMD8<Float>.self)
      }
    }
    (mean, variance) = partial.joinedMoments()
  }
}

/// Two sums for each row of a tensor, added up in double precision.
private final class RowSums {
  private let blocks: Blocks
  private let values: UnsafeMutablePointer<Double>

  init(_ blocks: Blocks) {
    self.blocks = blocks
    values = .allocate(capacity: 2 * blocks.rows * blocks.width)
    values.initialize(repeating: 0, count: 2 * blocks.rows * blocks.width)
  }

  deinit { values.deallocate() }

  private func address(_ row: Int, _ which: Int) -> UnsafeMutablePointer<Double> {
    values + (2 * row + which) * blocks.width
  }

  /// Σ g and Σ g · (x − shift) of a row, where g is known or computed, and kept or not.
  @inline(__always)
  func add<V: ChannelLanes>(
    _ row: Int, _ evaluation: Evaluation, _ known: UnsafePointer<Float>?, _ kept: UnsafeMutablePointer<Float>?,
    _ x: UnsafePointer<Float>, _ shift: ChannelValues, _: V.Type
  ) {
    let (totals, products) = (address(row, 0), address(row, 1))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: blocks.chunkCapacity) { scratch in
      blocks.forEachChunk(ofRow: row) { chunk in
        let g: UnsafePointer<Float>
        if let known {
          g = known + chunk.start
        } else {
          let target = kept.map { $0 + chunk.start } ?? scratch.baseAddress!
          evaluation.run(chunk, into: target)
          g = UnsafePointer(target)
        }
        let x = x + chunk.start
        let (total, product): (V, V) = Self.products(g, x, shift.values + chunk.channel, chunk.count)
        for lane in 0..<V.scalarCount {
          totals[lane] += Double(total[lane])
          products[lane] += Double(product[lane])
        }
      }
    }
  }

  /// The mean of a row and the sum of squares around it.
  @inline(__always)
  func addMoments<V: ChannelLanes>(_ row: Int, _ x: UnsafePointer<Float>, _: V.Type) {
    let (means, squares) = (address(row, 0), address(row, 1))
    var seen = 0
    blocks.forEachChunk(ofRow: row) { chunk in
      let x = x + chunk.start
      let places = chunk.count / V.scalarCount
      let (mean, square): (V, V) = Self.moments(x, chunk.count)
      for lane in 0..<V.scalarCount {
        Self.join(
          &means[lane], &squares[lane], seen, mean: Double(mean[lane]), square: Double(square[lane]), places)
      }
      seen += places
    }
  }

  @inline(__always)
  private static func products<V: ChannelLanes>(
    _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ shift: UnsafePointer<Float>, _ count: Int
  ) -> (V, V) {
    #if canImport(CaffeKernelsAVX512)
      if V.self == SIMD16<Float>.self, Instructions.hasAVX512 {
        let (total, product) = ChannelKernels.products(g, x, shift: shift, count: count)
        return (unsafeBitCast(total, to: V.self), unsafeBitCast(product, to: V.self))
      }
    #endif
    return ChannelMoments.products(g, x, shift: V(shift, 0), count: count)
  }

  @inline(__always)
  private static func moments<V: ChannelLanes>(_ x: UnsafePointer<Float>, _ count: Int) -> (V, V) {
    #if canImport(CaffeKernelsAVX512)
      if V.self == SIMD16<Float>.self, Instructions.hasAVX512 {
        let (mean, square) = ChannelKernels.moments(x, count: count)
        return (unsafeBitCast(mean, to: V.self), unsafeBitCast(square, to: V.self))
      }
    #endif
    return ChannelMoments.moments(x, count: count)
  }

  /// Joins what is known of two sets of values (Chan, Golub and LeVeque, 1979).
  @inline(__always)
  private static func join(
    _ mean: inout Double, _ square: inout Double, _ count: Int, mean other: Double, square otherSquare: Double,
    _ otherCount: Int
  ) {
    let distance = other - mean
    let share = Double(otherCount) / Double(count + otherCount)
    mean += distance * share
    square += otherSquare + distance * distance * Double(count) * share
  }

  func joinedMoments() -> (mean: ChannelValues, variance: ChannelValues) {
    let (means, variances) = (ChannelValues(blocks), ChannelValues(blocks))
    for channel in 0..<blocks.channels {
      var (mean, square) = (0.0, 0.0)
      for item in 0..<blocks.items {
        let (row, lane) = (item * blocks.groups + channel / blocks.width, channel % blocks.width)
        Self.join(
          &mean, &square, item * blocks.places, mean: address(row, 0)[lane], square: address(row, 1)[lane],
          blocks.places)
      }
      means.values[channel] = Float(mean)
      variances.values[channel] = Float(square / Double(blocks.items * blocks.places))
    }
    return (means, variances)
  }

  func sum(_ which: Int) -> ChannelValues {
    let sums = ChannelValues(blocks)
    for channel in 0..<blocks.channels {
      var sum = 0.0
      for item in 0..<blocks.items {
        sum += address(item * blocks.groups + channel / blocks.width, which)[channel % blocks.width]
      }
      sums.values[channel] = Float(sum)
    }
    return sums
  }
}
