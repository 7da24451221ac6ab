import ArgumentParser
import Dispatch
import Synchronization

/// What the machine can do at most: the multiply units, and the memory.
struct Limits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "the float32 rate of the multiply units in GFLOP/s, and the rate of memory in GB/s")

  @Option(help: "How many threads work at once.") var threads: Int

  func run() {
    let multiply = best(of: 20) { _ in Self.multiplyAndAdd(10_000_000) }
    // Three arrays of 128 MB each in all: no cache holds them.
    let triads = (0..<threads).map { _ in Triad(count: 32_000_000 / threads) }
    let memory = best(of: 20) { triads[$0].run() }
    print(multiply / 1e9, memory / 1e9)
  }

  /// Units of work a second, of all threads together, in the best of some rounds.
  private func best(of rounds: Int, work: @Sendable (Int) -> Double) -> Double {
    (0..<rounds).map { _ in
      let done = Mutex(0.0)
      let start = ContinuousClock.now
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        let units = work(thread)
        done.withLock { $0 += units }
      }
      return done.withLock { $0 } / ((ContinuousClock.now - start) / .seconds(1))
    }.max()!
  }

  /// Fused multiply-adds on registers alone: enough independent ones to keep every unit busy.
  @inline(never)
  private static func multiplyAndAdd(_ repetitions: Int) -> Double {
    typealias Vector = SIMD16<Float>
    let x = Vector(repeating: 0.999)
    let y = Vector(repeating: 0.001)
    var (a, b, c, d) = (x, x, x, x)
    var (e, f, g, h) = (y, y, y, y)
    var (i, j, k, l) = (x, y, x, y)
    for _ in 0..<repetitions {
      a.addProduct(x, y)
      b.addProduct(x, y)
      c.addProduct(x, y)
      d.addProduct(x, y)
      e.addProduct(x, y)
      f.addProduct(x, y)
      g.addProduct(x, y)
      h.addProduct(x, y)
      i.addProduct(x, y)
      j.addProduct(x, y)
      k.addProduct(x, y)
      l.addProduct(x, y)
    }
    // The sums must be used, or nothing would be computed.
    let total = (a + b + c + d + e + f + g + h + i + j + k + l).sum()
    precondition(!total.isNaN)
    return Double(repetitions) * 12 * 16 * 2
  }
}

/// The loop `a[i] = b[i] + s · c[i]` of McCalpin's STREAM; it counts three floats an element.
private final class Triad: @unchecked Sendable {
  private var a: [Float]
  private let b: [Float]
  private let c: [Float]

  init(count: Int) {
    a = [Float](repeating: 0, count: count)
    b = [Float](repeating: 1, count: count)
    c = [Float](repeating: 2, count: count)
  }

  func run() -> Double {
    let count = a.count
    a.withUnsafeMutableBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        c.withUnsafeBufferPointer { c in for i in 0..<count { a[i] = b[i] + 3 * c[i] } }
      }
    }
    return Double(12 * count)
  }
}
