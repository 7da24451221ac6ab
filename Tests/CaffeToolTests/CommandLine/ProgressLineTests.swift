import CaffeTool
import Foundation
import Testing

@Suite struct `The progress line` {
  @Test func `tells share, rate and time left`() {
    let text = ProgressLine.text("Training", completed: 5000, from: 4000, to: 10000, elapsed: 10, width: 100)
    #expect(text == "Training [====================>                   ]  50% 5000/10000  100.0/s  0:50 left")
  }

  @Test func `does not wrap in a narrow terminal`() {
    for width in [0, 1, 20, 50, 60, 80] {
      let text = ProgressLine.text("Training", completed: 5, from: 0, to: 10, elapsed: 1, width: width)
      #expect(text.count < max(1, width))
    }
  }

  @Test func `is calm before the first step and after the last`() {
    #expect(ProgressLine.text("Testing", completed: 0, from: 0, to: 0, elapsed: 0, width: 80).contains("  0% 0/0"))
    #expect(ProgressLine.text("Testing", completed: 9, from: 0, to: 9, elapsed: 3, width: 80).contains("100% 9/9"))
  }

  @Test(arguments: [(44.0, "0:44"), (725, "12:05"), (11220, "3:07:00"), (-1, "0:00"), (.infinity, "0:00")])
  func `writes times as clocks do`(seconds: Double, text: String) {
    #expect(ProgressLine.clock(seconds) == text)
  }

  @Test func `never gets into a file`() throws {
    let log = try Log()
    let file = try #require(FileHandle(forWritingAtPath: log.scratch.url.path + "/stderr"))
    var progress = ProgressLine("Training", to: 10, on: log.output, descriptor: file.fileDescriptor)
    progress.update(5)
    progress.finish()
    #expect(try log.text().isEmpty)
  }
}
