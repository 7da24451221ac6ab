import CaffeCore

/// Small repeatable numbers between −1 and 1.
func numbers(_ count: Int, seed: UInt64) -> [Float] {
  var random = Random(seed: seed)
  return (0..<count).map { _ in random.uniform(-1, 1) }
}

func buffer(_ values: [Float]) -> Buffer {
  let buffer = Buffer(count: values.count)
  _ = buffer.uninitializedValues.update(from: values)
  return buffer
}

/// The derivative of Σ y · dy with respect to each of the values of `x`, by differences, where `forward` computes y.
func numericGradient(of x: Buffer, weighedBy dy: [Float], _ forward: () -> Buffer) -> [Float] {
  let step: Float = 1e-2
  func weighted() -> Double { zip(forward().values, dy).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
  return (0..<x.count).map { i in
    let value = x.values[i]
    x.mutableValues[i] = value + step
    let above = weighted()
    x.mutableValues[i] = value - step
    let below = weighted()
    x.mutableValues[i] = value
    return Float((above - below) / Double(2 * step))
  }
}

/// Whether two lists agree within `tolerance`, relative for numbers above 1.
func areClose(_ a: some Collection<Float>, _ b: some Collection<Float>, tolerance: Float = 1e-4) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}
