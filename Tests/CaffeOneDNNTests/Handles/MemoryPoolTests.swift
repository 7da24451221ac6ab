import CaffeCore
import CaffeOneDNN
import Testing

@Suite struct `A pool of memory` {
  private let pool = MemoryPool()

  @Test func `gives again what was given back, the smallest that is large enough`() {
    let sizes = [400_000, 300_000, 350_000]
    let memory = sizes.map { pool.take(byteCount: $0) }
    for memory in memory { pool.giveBack(memory) }
    #expect(pool.take(byteCount: 310_000) === memory[2])
    #expect(pool.take(byteCount: 310_000) === memory[0])
    #expect(pool.take(byteCount: 300_000) === memory[1])
    let fresh = pool.take(byteCount: 300_000)
    #expect(fresh.byteCount >= 300_000 && !memory.contains { $0 === fresh })
  }

  @Test func `gives what came back last of memory of one size`() {
    let memory = (0..<3).map { _ in pool.take(byteCount: 1000) }
    for index in [1, 2, 0] { pool.giveBack(memory[index]) }
    for index in [0, 2, 1] { #expect(pool.take(byteCount: 900) === memory[index]) }
  }

  @Test func `does not waste large memory on small values`() {
    let large = pool.take(byteCount: 10_000_000)
    pool.giveBack(large)
    #expect(pool.take(byteCount: 1000) !== large)
    #expect(pool.take(byteCount: 7_000_000) === large)
  }

  @Test func `returns what nobody wants to the system, at once if it is told to`() {
    weak var forgotten = giveBack(byteCount: 10_000_000)
    #expect(forgotten != nil)
    for _ in 0...MemoryPool.patience { pool.giveBack(pool.take(byteCount: 10)) }
    // It is looked for where there is nothing to give.
    _ = pool.take(byteCount: 100_000)
    #expect(forgotten == nil)
    forgotten = giveBack(byteCount: 10_000_000)
    pool.drain()
    #expect(forgotten == nil)
  }

  private func giveBack(byteCount: Int) -> AlignedMemory? {
    weak var memory: AlignedMemory?
    do {
      let taken = pool.take(byteCount: byteCount)
      memory = taken
      pool.giveBack(taken)
    }
    return memory
  }
}
