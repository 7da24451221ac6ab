/// Does work on several threads and hands the results on in the order of the inputs, with a bounded number of both in memory.
///
///     try OrderedWorkers.run(threads: 4, next: { list.next() }, work: { try decode($0) }, finish: { try store($0) })
///
/// `next` and `finish` are called on the calling thread, so they may touch what they like. The first error in the order
/// of the inputs ends everything and is thrown.
public enum OrderedWorkers {
  /// - Parameters:
  ///   - threads: How many threads work; the calling thread only gives out and collects.
  ///   - next: The next input, or `nil` behind the last one.
  ///   - work: What is done with an input, on any thread.
  ///   - finish: What is done with the result, in order.
  public static func run<Input: Sendable, Output: Sendable>(
    threads: Int, next: () throws -> Input?, work: @escaping @Sendable (Input) throws -> Output,
    finish: (Output) throws -> Void
  ) throws {
    precondition(threads > 0, "work needs a thread")
    let window = 4 * threads
    let inputs = BlockingQueue<(Int, Input)>(capacity: window)
    let outputs = BlockingQueue<(Int, Result<Output, any Error>)>(capacity: window)
    let workers = (0..<threads).map { _ in
      BackgroundThread {
        while let (number, input) = inputs.pop() { outputs.push((number, Result { () throws in try work(input) })) }
      }
    }
    defer {
      inputs.close()
      outputs.close()
      for worker in workers { worker.join() }
    }

    /// Results that came before their turn.
    var waiting: [Int: Result<Output, any Error>] = [:]
    var given = 0
    var finished = 0
    var isAtEnd = false
    while true {
      while !isAtEnd, given - finished < window {
        if let input = try next() {
          inputs.push((given, input))
          given += 1
        } else {
          isAtEnd = true
        }
      }
      guard finished < given, let (number, result) = outputs.pop() else { return }
      waiting[number] = result
      while let result = waiting.removeValue(forKey: finished) {
        try finish(result.get())
        finished += 1
      }
    }
  }
}
