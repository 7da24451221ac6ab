import CaffeData
import Synchronization
import Testing

@Suite struct `Prefetching` {
  private final class Item: Sendable {
    let number = Atomic(-1)
  }
  private struct Failure: Error {}

  @Test func `fills items in order and again when they come back`() throws {
    let next = Atomic(0)
    let prefetcher = Prefetcher([Item(), Item(), Item()]) { item in
      item.number.store(next.add(1, ordering: .relaxed).oldValue, ordering: .relaxed)
    }
    for expected in 0..<50 {
      let item = try prefetcher.next()
      #expect(item.number.load(ordering: .relaxed) == expected)
      prefetcher.recycle(item)
    }
  }

  @Test func `delivers an error in its turn and from then on`() throws {
    let next = Atomic(0)
    let prefetcher = Prefetcher([Item(), Item(), Item(), Item()]) { item in
      guard next.add(1, ordering: .relaxed).oldValue < 2 else { throw Failure() }
    }
    _ = try prefetcher.next()
    _ = try prefetcher.next()
    #expect(throws: Failure.self) { try prefetcher.next() }
    #expect(throws: Failure.self) { try prefetcher.next() }
  }

  @Test func `stops while its thread waits for room`() throws {
    let prefetcher = Prefetcher([Item(), Item()]) { _ in }
    _ = try prefetcher.next()
  }

  @Test func `stops in the middle of its work and lets go of it`() {
    final class Witness: Sendable {}
    weak var witness: Witness?
    do {
      let strong = Witness()
      witness = strong
      let prefetcher = Prefetcher([Item()]) { _ in _ = strong }
      _ = try? prefetcher.next()
    }
    #expect(witness == nil)
  }
}
