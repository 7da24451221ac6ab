import CaffeLog
import Foundation
import Testing

@Suite struct `Training log` {
  private func log(_ lines: String...) throws -> TrainingLog {
    let file = FileManager.default.temporaryDirectory.appending(path: "caffe-\(UUID().uuidString).log")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(lines.joined(separator: "\n").utf8).write(to: file)
    return try TrainingLog(contentsOf: file.path)
  }

  private let start = "I0210 13:39:22.381027 1 a.cpp:1] Solving"

  @Test(arguments: [
    "I0210 9223372036854775807:39:22.1 1 a.cpp:1]", "I0210 13:-9223372036854775808:22.1 1 a.cpp:1]",
    "I0210 13:39:22.9223372036854775807 1 a.cpp:1]",
  ])
  func `leaves out lines whose time is none`(prefix: String) throws {
    let read = try log(
      start, "\(prefix) Iteration 5, loss = 1", "I0210 13:39:23.381027 1 a.cpp:1] Iteration 6, loss = 1")
    #expect(read.iterationTimes == [1_000_000])
  }

  @Test func `believes no year of more than four digits`() throws {
    let read = try log("Log file created at: 999999999999999999/02/10", start, "\(start.dropLast(7))Iteration 1")
    #expect(read.iterationTimes == [0])
  }
}
