import CaffeLog
import CaffeTool
import Foundation
import Logging
import Testing

@Suite struct `Where the log goes` {
  @Test func `lines below the lowest severity are dropped`() throws {
    var settings = LogSettings()
    settings.minimumSeverity = 2
    let log = try Log(settings)
    log.logger.warning("quiet")
    log.logger.error("loud")
    let text = try log.text()
    #expect(!text.contains("quiet"))
    #expect(text.contains("loud"))
  }

  @Test func `a file gets every line under glog's name and header`() throws {
    let folder = try Scratch()
    var settings = LogSettings()
    settings.directory = folder.url.path
    settings.threshold = 1
    let log = try Log(settings)
    log.logger.info("Solving LeNet")
    log.output.writeFailure("it broke")

    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    let name = try #require(names.first { $0 != "caffe.INFO" })
    #expect(name.wholeMatch(of: /caffe\..+\..+\.log\.INFO\.\d{8}-\d{6}\.\d+/) != nil)
    let lines = try String(contentsOfFile: folder.url.path + "/caffe.INFO", encoding: .utf8).split(separator: "\n")
    try #require(lines.count == 5)
    #expect(lines[0].wholeMatch(of: /Log file created at: \d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/) != nil)
    #expect(lines[3].hasSuffix("] Solving LeNet"))
    #expect(lines[4].first == "F")
    #expect(try log.text() == "it broke\n")
  }

  @Test func `a folder that does not exist is an error`() {
    var settings = LogSettings()
    settings.directory = "/nowhere"
    #expect(throws: LogError.self) { try LogOutput(settings, program: "caffe") }
  }

  @Test func `lines of many threads stay whole`() async throws {
    let log = try Log()
    let logger = log.logger
    await withTaskGroup { group in
      for _ in 0..<4 { group.addTask { for _ in 0..<200 { logger.info("abcdefghijklmnopqrstuvwxyz") } } }
    }
    let lines = try log.text().split(separator: "\n")
    #expect(lines.count == 800)
    #expect(lines.allSatisfy { $0.hasSuffix("] abcdefghijklmnopqrstuvwxyz") })
  }

  @Test func `a progress line makes way for a log line`() throws {
    let log = try Log()
    log.output.showProgress("50%")
    log.logger.info("here")
    log.output.showProgress("")
    let wipe = "\r\u{1B}[K"
    let pieces = try log.text().components(separatedBy: wipe)
    #expect(pieces.count == 4)
    #expect(pieces[1] == "50%")
    #expect(pieces[2].hasSuffix("] here\n50%"))
    #expect(pieces[3].isEmpty)
  }
}
