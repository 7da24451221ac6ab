import Caffe

/// What the machine can do at most, as short measurements find it.
struct MachineLimits {
  /// Multiplications and additions a second; nil where that cannot be measured.
  let operations: Double?
  /// Bytes from and to memory a second.
  let bytes: Double

  init(of engine: any Engine) {
    operations = (engine as? OneDNNEngine)?.measureMultiplyRate()
    bytes = Self.memoryRate(of: engine)
  }

  /// The share of what the machine can do in a time that this work is: of its multiply units or of its memory, whichever limits.
  func share(of work: Work, in time: Duration) -> Double {
    max(operations.map { Double(work.operations) / $0 } ?? 0, Double(work.bytes) / bytes) / (time / .seconds(1))
  }

  /// The loop `a[i] = b[i] + 3 · c[i]` of McCalpin's STREAM, over more than caches hold.
  private static func memoryRate(of engine: any Engine) -> Double {
    let count = 8 << 20
    let (a, b, c) = (Buffer(count: count), Buffer(count: count), Buffer(count: count))
    b.uninitializedValues.update(repeating: 1)
    c.uninitializedValues.update(repeating: 2)
    let sum = a.uninitializedValues.baseAddress!
    let (x, y) = (b.values.baseAddress!, c.values.baseAddress!)
    return (0..<8).map { _ in
      let time = ContinuousClock().measure {
        engine.forElements(count) { for i in $0 { sum[i] = x[i] + 3 * y[i] } }
      }
      return Double(3 * count * MemoryLayout<Float>.stride) / (time / .seconds(1))
    }.max()!
  }
}
