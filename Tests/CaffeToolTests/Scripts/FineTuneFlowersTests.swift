import Foundation
import Testing

@Suite struct `Scripts/fine-tune-flowers` {
  @Test func `goes from photographs to a sheet of answers`() throws {
    let scratch = try Scratch()
    let out = scratch.url.appending(path: "flowers")
    let process = Process()
    process.executableURL = RunningTool.packageFolder.appending(path: "Scripts/fine-tune-flowers")
    process.environment = ProcessInfo.processInfo.environment.merging([
      "CAFFE": try RunningTool.executable().path, "OUT": out.path, "ITERATIONS": "2",
    ]) { _, new in new }
    let log = try scratch.write("", to: "log")
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: log))
    process.standardError = process.standardOutput
    try process.run()
    process.waitUntilExit()

    let text = try String(contentsOfFile: log, encoding: .utf8)
    try #require(process.terminationStatus == 0, "\(text)")
    #expect(text.contains("25 layers take their weights from the file: conv1, "))
    #expect(text.contains("1 layer is not in the file and starts from its filler: conv_flowers"))
    #expect(text.contains("1 layer of the file is not in the net: conv_final"))
    #expect(text.contains("the fine-tuned net knows"))
    for name in ["samples.png", "answers.png", "accuracy.svg", "mean.binaryproto", "fine_tuned_iter_2.caffemodel"] {
      #expect(FileManager.default.fileExists(atPath: out.appending(path: name).path), "\(name)")
    }
  }
}
