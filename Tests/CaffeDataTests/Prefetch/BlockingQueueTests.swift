import CaffeData
import Testing

@Suite struct `Blocking queue` {
  @Test func `keeps the order and never holds more than its capacity`() async {
    let queue = BlockingQueue<Int>(capacity: 2)
    async let produced: Void = { for number in 0..<1000 { queue.push(number) } }()
    var numbers: [Int] = []
    while numbers.count < 1000 {
      #expect(queue.count <= 2)
      if let number = queue.pop() { numbers.append(number) }
    }
    await produced
    #expect(numbers == Array(0..<1000))
  }

  @Test func `gives out what it holds after it was closed, then nil`() {
    let queue = BlockingQueue<Int>(capacity: 2)
    queue.push(1)
    queue.close()
    #expect(!queue.push(2))
    #expect(queue.pop() == 1)
    #expect(queue.pop() == nil)
  }

  @Test func `wakes those who wait when it closes`() async {
    let empty = BlockingQueue<Int>(capacity: 1)
    let full = BlockingQueue<Int>(capacity: 1)
    full.push(1)
    async let popped = empty.pop()
    async let pushed = full.push(2)
    empty.close()
    full.close()
    #expect(await popped == nil)
    #expect(await !pushed)
  }
}
