import Caffe
import Testing

@Suite struct `A random stream` {
  @Test func `gives these numbers for ever, as snapshots rely on them`() {
    var random = Random(seed: 1701)
    #expect(
      (0..<3).map { _ in random.next() } == [0x71b5_3f7e_345e_1173, 0x71ab_1029_bb9e_8777, 0xcdc9_935c_91d8_73d1])
    random = Random(seed: 1701, stream: 12)
    #expect(
      (0..<3).map { _ in random.next() } == [0xe45b_0a5f_3ddb_ece2, 0x3920_2428_b19f_451d, 0x663b_7da3_f54f_e769])
  }

  @Test func `differs from stream to stream and from seed to seed`() {
    let first = (0..<100 as Range<UInt64>).flatMap { seed in
      (0..<100 as Range<UInt64>).map { stream in
        var random = Random(seed: seed, stream: stream)
        return random.next()
      }
    }
    #expect(Set(first).count == 10_000)
  }

  @Test func `derives different seeds for the parts of different wholes`() {
    let seeds = (0..<100 as Range<UInt64>).flatMap { parent in
      (0..<100 as Range<UInt64>).map { Random.seed(parent, part: $0) }
    }
    #expect(Set(seeds).count == 10_000)
  }

  @Test func `is uniform in the range asked for`() {
    let statistics = Statistics(draw { $0.uniform(-2, 0.5) })
    #expect(statistics.minimum >= -2)
    #expect(statistics.maximum < 0.5)
    #expect(abs(statistics.mean + 0.75) < 0.02)
    #expect(abs(statistics.deviation - 2.5 / Double(12).squareRoot()) < 0.02)
  }

  @Test func `never draws 1 where the range is half open`() {
    let statistics = Statistics(draw { $0.uniform() })
    #expect(statistics.minimum >= 0)
    #expect(statistics.maximum < 1)
  }

  @Test func `is normal with mean 0 and deviation 1`() {
    let values = draw { $0.gaussian() }
    let statistics = Statistics(values)
    #expect(abs(statistics.mean) < 0.02)
    #expect(abs(statistics.deviation - 1) < 0.02)
    // 68.3 % within one deviation, 95.4 % within two.
    #expect(abs(Double(values.count { abs($0) < 1 }) / Double(values.count) - 0.683) < 0.01)
    #expect(abs(Double(values.count { abs($0) < 2 }) / Double(values.count) - 0.954) < 0.01)
    #expect(values.allSatisfy { $0.isFinite })
  }

  @Test(arguments: [0, 0.2, 1] as [Float]) func `is true with the given probability`(probability: Float) {
    let share = Statistics(draw { $0.bernoulli(probability) ? 1 : 0 }).mean
    #expect(abs(share - Double(probability)) < 0.01)
    if probability == 0 || probability == 1 { #expect(share == Double(probability)) }
  }

  @Test func `draws every whole number below a bound about as often`() {
    var counts = [Int](repeating: 0, count: 5)
    var random = Random(seed: 3)
    for _ in 0..<10_000 { counts[random.below(5)] += 1 }
    #expect(counts.allSatisfy { abs($0 - 2000) < 200 })
  }

  private func draw(_ value: (inout Random) -> Float) -> [Float] {
    var random = Random(seed: 42)
    return (0..<20_000).map { _ in value(&random) }
  }
}

/// What is known about many values.
struct Statistics {
  var mean: Double
  var deviation: Double
  var minimum: Double
  var maximum: Double
  /// The share of zeros.
  var zeros: Double

  init(_ values: [Float]) {
    let count = Double(values.count)
    let mean = values.reduce(0) { $0 + Double($1) } / count
    self.mean = mean
    deviation = (values.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count).squareRoot()
    minimum = Double(values.min() ?? 0)
    maximum = Double(values.max() ?? 0)
    zeros = Double(values.count { $0 == 0 }) / count
  }
}
