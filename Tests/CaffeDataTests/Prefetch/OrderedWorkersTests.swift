import CaffeData
import Testing

@Suite struct `Ordered workers` {
  private struct Odd: Error {}

  @Test(arguments: [1, 2, 7]) func `hand on results in the order of the inputs`(threads: Int) throws {
    var numbers = (0..<500).makeIterator()
    var results: [Int] = []
    try OrderedWorkers.run(
      threads: threads, next: { numbers.next() },
      work: { number in (0..<(number * 7919) % 2000).reduce(number) { $0 &+ $1 &* 0 } },
      finish: { results.append($0) })
    #expect(results == Array(0..<500))
  }

  @Test func `do nothing without inputs`() throws {
    try OrderedWorkers.run(
      threads: 3, next: { Int?.none }, work: { $0 }, finish: { _ in Issue.record("there was no input") })
  }

  @Test func `stop at the first error in order, wherever it comes from`() {
    var numbers = (0..<500).makeIterator()
    var results: [Int] = []
    #expect(throws: Odd.self) {
      try OrderedWorkers.run(
        threads: 4, next: { numbers.next() },
        work: { number in
          if number >= 100 { throw Odd() }
          return number
        }, finish: { results.append($0) })
    }
    #expect(results == Array(0..<100))
    var others = (0..<500).makeIterator()
    #expect(throws: Odd.self) {
      try OrderedWorkers.run(threads: 4, next: { others.next() }, work: { $0 }, finish: { if $0 == 50 { throw Odd() } })
    }
    #expect(throws: Odd.self) {
      try OrderedWorkers.run(threads: 4, next: { () throws -> Int? in throw Odd() }, work: { $0 }, finish: { _ in })
    }
  }

  @Test func `take no more inputs than a few ahead`() throws {
    var given = 0
    var finished = 0
    try OrderedWorkers.run(
      threads: 2,
      next: {
        given += 1
        #expect(given - finished <= 9)
        return given <= 300 ? given : nil
      }, work: { $0 }, finish: { _ in finished += 1 })
    #expect(finished == 300)
  }
}
