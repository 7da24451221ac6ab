import Caffe
import Foundation
import Testing

@Suite struct `Tools for training logs` {
  private let folder: Scratch

  init() throws { folder = try Scratch(withFixtures: true) }

  @Test func `parse_log py writes CSV tables as the original script does`() throws {
    let run = try Run("year.log", "out", "--verbose", as: "parse_log.py", in: try withOutputFolder())
    #expect(run.status == 0)
    #expect(run.output == "Wrote out/year.log.train\nWrote out/year.log.test\n")
    #expect(
      try text("out/year.log.train") == """
        NumIters,Seconds,LearningRate,loss\r
        0.0,1.25001,0.01,2.31\r
        100.0,2.75001,0.01,0.5\r
        300.0,6.00001,1e-05,0.25\r

        """)
    #expect(
      try text("out/year.log.test") == """
        NumIters,Seconds,LearningRate,accuracy,loss\r
        0.0,0.6,0.005,0.1,2.3\r
        100.0,4.0,0.005,0.95,0.2\r

        """)
  }

  @Test func `parse_log takes another delimiter`() throws {
    #expect(try Run("parse_log", "year.log", "out", "-delimiter", ";", in: withOutputFolder()).status == 0)
    #expect(try text("out/year.log.test").hasPrefix("NumIters;Seconds;LearningRate;accuracy;loss\r\n0.0;0.6;"))
  }

  @Test func `parse_log sh writes four columns into the working folder`() throws {
    #expect(try Run("year.log", as: "parse_log.sh", in: folder.url).status == 0)
    #expect(
      try text("year.log.train") == """
        #Iters Seconds TrainingLoss LearningRate
        0    1.250000  2.31  0.01
        100  2.750000  0.5   0.005
        200  4.500000  nan   1e-05
        300  6.000000  0.25  1e-05

        """)
    #expect(
      try text("year.log.test") == """
        #Iters Seconds TestAccuracy TestLoss
        0    0.100000  0.1   2.3
        100  3.500000  0.95  0.2

        """)
  }

  @Test func `extract_seconds writes the time of each iteration line`() throws {
    #expect(try Run("year.log", "seconds", as: "extract_seconds.py", in: folder.url).status == 0)
    #expect(try text("seconds").split(separator: "\n").prefix(4) == ["0.100000", "1.250000", "1.250020", "2.750000"])
  }

  @Test func `a log of this program has the outputs of its net`() throws {
    let run = try Run(
      "train", "--solver", "train_cli.solver.prototxt", "--weights", "train_cli_init.caffemodel", in: folder.url)
    try folder.write(run.errors, to: "own.log")
    #expect(try Run("parse_log", "own.log", "out", in: withOutputFolder()).status == 0)
    let lines = try text("out/own.log.test").split(separator: "\r\n")
    #expect(lines[0] == "NumIters,Seconds,LearningRate,acc,loss")
    #expect(lines.dropFirst().map { $0.prefix { $0 != "," } } == ["0.0", "5.0", "10.0"])
  }

  static let charts = [
    "Test accuracy vs. Iters", "Test accuracy vs. Seconds", "Test loss vs. Iters", "Test loss vs. Seconds",
    "Train learning rate vs. Iters", "Train learning rate vs. Seconds", "Train loss vs. Iters",
    "Train loss vs. Seconds", "Train loss and Test loss vs. Iters",
  ]

  @Test(arguments: charts.indices) func `plot_training_log draws each kind of chart`(type: Int) throws {
    for picture in ["chart.svg", "chart.png"] {
      #expect(try Run(["\(type)", picture, "year.log"], as: "plot_training_log.py", in: folder.url).status == 0)
    }
    #expect(try text("chart.svg").contains("<polyline"))
    #expect(try text("chart.svg").contains(">\(Self.charts[type])</text>"))
    let image = try Bitmap(decoding: Data(contentsOf: folder.url.appending(path: "chart.png")))
    #expect((image.height, image.width) == (960, 1440))
    #expect(Set(image.pixels).count > 3)
  }

  // MARK: Bad input

  @Test func `a file that is no training log is named`() throws {
    for command in [["parse_log"], ["extract_seconds", "out"], ["plot_training_log", "0", "a.svg"]] {
      var arguments = command
      arguments.insert("net_conv.prototxt", at: command[0] == "plot_training_log" ? 3 : 1)
      let run = try Run(arguments, in: folder.url)
      #expect(run.status == 1)
      #expect(run.errors.contains("net_conv.prototxt: Start time not found"))
    }
  }

  @Test func `a log that is missing is named`() throws {
    let run = try Run("parse_log", "absent.log", in: folder.url)
    #expect(run.status == 1 && run.errors.contains("absent.log: cannot read this log"))
  }

  @Test func `a chart that does not exist is refused, and one without values is not drawn`() throws {
    #expect(try Run("plot_training_log", "9", "a.svg", "year.log", in: folder.url).status == 2)
    #expect(try Run("plot_training_log", "0", "a.gif", "year.log", in: folder.url).status == 2)
    let log = try text("year.log").split(separator: "\n").filter { !$0.contains("Test net") }.joined(separator: "\n")
    try folder.write(log, to: "untested.log")
    let run = try Run("plot_training_log", "0", "a.svg", "untested.log", in: folder.url)
    #expect(run.status == 1 && run.errors.contains("There is nothing to draw for \"Test accuracy vs. Iters\""))
  }

  @Test func `any bytes are a log without facts`() throws {
    let start = Data("I0101 00:00:00.000000 1 a:1] Solving x\n".utf8)
    let noise = Data((0..<20000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7) })
    try folder.write(start + noise, to: "noise.log")
    let run = try Run("noise.log", "out", "-verbose", as: "parse_log.py", in: withOutputFolder())
    #expect(run.status == 0 && run.output.hasPrefix("Not writing out/noise.log.train; no lines to write\n"))
  }

  @Test func `parse_log refuses a delimiter that cannot be one, or has no effect`() throws {
    for delimiter in ["\n", "\"", "", "ab"] {
      let run = try Run("parse_log", "year.log", "out", "-delimiter", delimiter, in: withOutputFolder())
      #expect(run.status == 2 && run.errors.contains("-delimiter must be one character"))
    }
    let run = try Run("parse_log", "year.log", "-delimiter", ";", in: folder.url)
    #expect(run.status == 2 && run.errors.contains("-delimiter is for the CSV files in an output folder"))
  }

  @Test func `extract_seconds keeps its input`() throws {
    let run = try Run("extract_seconds", "year.log", "./year.log", in: folder.url)
    #expect(run.status == 1 && run.errors.contains("would destroy the input, year.log"))
    #expect(try text("year.log").contains("Solving LeNet"))
  }

  private func withOutputFolder() throws -> URL {
    try FileManager.default.createDirectory(at: folder.url.appending(path: "out"), withIntermediateDirectories: true)
    return folder.url
  }

  private func text(_ name: String) throws -> String {
    try String(decoding: Data(contentsOf: folder.url.appending(path: name)), as: UTF8.self)
  }
}
