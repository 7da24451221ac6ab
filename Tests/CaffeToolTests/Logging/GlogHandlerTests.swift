import CaffeLog
import CaffeTool
import Foundation
import Logging
import Testing

@Suite struct `Log lines` {
  @Test func `have glog's prefix`() throws {
    var moment = timespec()
    moment.tv_sec = 1_000_000_000
    moment.tv_nsec = 42_001_999
    let prefix = GlogHandler.prefix(
      .warning, at: LocalTime(moment), thread: 4242, file: "CaffeSolvers/Solver.swift", line: 218)
    let parts = prefix.split(separator: " ", omittingEmptySubsequences: false)
    // The hour depends on the time zone, so only its neighbours are compared.
    #expect(parts[0].hasPrefix("W090"))
    #expect(parts[1].hasSuffix(":40.042001"))
    #expect(parts[2...] == ["4242", "Solver.swift:218]", ""])
  }

  @Test func `come out whole on standard error`() throws {
    let log = try Log()
    log.logger.info("Solving LeNet")
    log.logger.error("no such layer", metadata: ["layer": "conv1"])
    let lines = try log.text().split(separator: "\n")
    try #require(lines.count == 2)
    let first = try #require(try Run.prefix.prefixMatch(in: lines[0]))
    #expect(first.severity == "I")
    #expect(first.file == "GlogHandlerTests.swift")
    #expect(lines[0].hasSuffix("] Solving LeNet"))
    #expect(lines[1].first == "E")
    #expect(lines[1].hasSuffix("] no such layer layer=conv1"))
  }

  @Test func `have the prefix only before the first line of a message`() throws {
    let log = try Log()
    log.logger.notice("Initializing net from parameters:\nname: \"x\"")
    #expect(try log.text().hasSuffix("parameters:\nname: \"x\"\n"))
  }

  @Test func `carry the number of the writing thread`() async {
    #expect(GlogHandler.threadID() > 0)
    let others = await withTaskGroup { group in
      for _ in 0..<2 { group.addTask { await Self.ofNewThread() } }
      return await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(others.count == 2)
  }

  @Test(arguments: [(Logger.Level.trace, "I"), (.notice, "I"), (.warning, "W"), (.error, "E"), (.critical, "F")])
  func `show the severity by its letter`(level: Logger.Level, letter: String) {
    #expect(String(GlogSeverity(level).letter) == letter)
  }

  private static func ofNewThread() async -> UInt64 {
    await withCheckedContinuation { continuation in
      // The pause keeps both threads alive at once: a number may be used again.
      Thread {
        let id = GlogHandler.threadID()
        Thread.sleep(forTimeInterval: 0.05)
        continuation.resume(returning: id)
      }.start()
    }
  }
}

/// A logger whose standard error is a file.
final class Log {
  let scratch: Scratch
  let output: LogOutput
  let logger: Logger
  private let file: FileHandle

  init(_ settings: LogSettings = LogSettings()) throws {
    scratch = try Scratch()
    let path = try scratch.write("", to: "stderr")
    file = try #require(FileHandle(forWritingAtPath: path))
    let output = try LogOutput(settings, program: "caffe", standardError: file.fileDescriptor)
    self.output = output
    logger = Logger(label: "test") { _ in GlogHandler(output: output, level: settings.level) }
  }

  func text() throws -> String {
    try String(decoding: Data(contentsOf: scratch.url.appending(path: "stderr")), as: UTF8.self)
  }
}
