#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a worker can be told to do.
protocol Workload {
  /// One pass, from the input in memory to the result in memory.
  mutating func runOnce() throws

  /// The numbers by which it is compared with the others: a net's output, or the losses of the steps so far.
  func result() -> [Float]
}

extension Workload {
  /// Obeys the lines on standard input until it ends.
  ///
  ///     run K         does K passes and answers with their times in milliseconds
  ///     output PATH   writes the result there, as raw floats, and answers with how many
  mutating func obey() throws {
    answer("ready")
    while let line = readLine() {
      let words = line.split(separator: " ", maxSplits: 1).map(String.init)
      switch words.first {
      case "run": answer(try times(of: Int(words[1])!).map { "\($0)" }.joined(separator: " "))
      case "output":
        let values = result()
        try write(values, to: words[1])
        answer("\(values.count)")
      default: throw WorkerError("no such order: \(line)")
      }
    }
  }

  private mutating func times(of count: Int) throws -> [Double] {
    try (0..<count).map { _ in
      let start = ContinuousClock.now
      try runOnce()
      return (ContinuousClock.now - start) / .milliseconds(1)
    }
  }
}

struct WorkerError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

private func answer(_ line: String) {
  print(line)
  fflush(nil)
}
