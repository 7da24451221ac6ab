import Foundation
import Testing

@Suite struct `caffe train` {
  @Test(arguments: [["train"], ["train", "-solver="]])
  func `needs a solver`(arguments: [String]) throws {
    let run = try Run(arguments)
    #expect(run.status == 2)
    #expect(run.errors.contains("Need a solver definition to train."))
  }

  @Test func `takes weights or a snapshot but not both`() throws {
    let run = try Run("train", "-solver", "s.prototxt", "-weights", "w.caffemodel", "-snapshot", "s.solverstate")
    #expect(run.status == 2)
    #expect(run.errors.contains("Give a snapshot to resume training or weights to finetune but not both."))
  }

  @Test func `prints what the original prints, from weights`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run(
      "train", "--solver=train_cli.solver.prototxt", "--weights=train_cli_init.caffemodel", in: folder.url)
    #expect(run.status == 0)
    try RecordedLog("train_cli.log.txt", in: folder).expectSame(run)
  }

  @Test func `prints what the original prints, from a snapshot of the original`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run(
      "-snapshot", "train_cli_iter_6.solverstate", "train", "-solver", "train_cli.solver.prototxt", in: folder.url)
    #expect(run.status == 0)
    try RecordedLog("train_cli_resume.log.txt", in: folder).expectSame(run)
  }

  @Test func `prints what the original prints, with two test nets`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run("train", "-solver=train_cli2.solver.prototxt", in: folder.url)
    #expect(run.status == 0)
    try RecordedLog("train_cli2.log.txt", in: folder).expectSame(run)
  }

  @Test func `writes a snapshot on SIGHUP and stops on SIGINT`() throws {
    let folder = try Scratch(withFixtures: true)
    try folder.write(
      "train_cli.solver.prototxt", replacing: "max_iter: 12", by: "max_iter: 1000000000", to: "long.prototxt")
    try folder.write("long.prototxt", replacing: "display: 2", by: "display: 0", to: "long.prototxt")
    try folder.write("long.prototxt", replacing: "snapshot: 6", by: "snapshot: 0", to: "long.prototxt")
    try folder.write(
      "long.prototxt", replacing: "test_interval: 5", by: "test_interval: 500000000", to: "long.prototxt")
    let training = try RunningTool(["train", "-solver", "long.prototxt"], in: folder.url)
    try #require(try training.waits(for: "Solving conv"))
    training.send(SIGHUP)
    try #require(try training.waits(for: "Snapshotting solver state"))
    training.send(SIGINT)
    let run = try training.finished()
    #expect(run.status == 0)
    #expect(run.messages.contains("Optimization stopped early."))
    #expect(run.messages.count { $0.hasPrefix("Snapshotting solver state to binary proto file train_cli_iter_") } == 2)
  }

  @Test func `goes on with the CPU where a GPU is asked for`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run("train", "-solver", "train_cli.solver.prototxt", "-gpu", "0,1", in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages[0] == "-gpu 0,1: this build has no CUDA engine; going on with the CPU.")
    #expect(run.messages[1] == "Use CPU.")
  }

  @Test func `names the place of a mistake in one message`() throws {
    let folder = try Scratch(withFixtures: true)
    try folder.write("net_conv.prototxt", replacing: "kernel_size: 3", by: "kernal_size: 3", to: "net_conv.prototxt")
    let run = try Run("train", "-solver", "train_cli.solver.prototxt", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("\nnet_conv.prototxt:23:"))
    #expect(run.errors.contains("kernal_size"))
  }

  @Test func `needs files that exist`() throws {
    for arguments in [["-solver", "none"], ["-solver", "train_cli.solver.prototxt", "-weights", "none"]] {
      let folder = try Scratch(withFixtures: true)
      let run = try Run(["train"] + arguments, in: folder.url)
      #expect(run.status == 1)
      #expect(run.errors.split(separator: "\n").last?.contains("none") == true)
    }
  }

  #if os(Linux)
    @Test func `shows its progress on a terminal`() throws {
      let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      try #require(terminal >= 0)
      var isLocked: CInt = 0
      var number: CInt = 0
      // TIOCSPTLCK and TIOCGPTN: unlock the other end, and ask for its number.
      try #require(ioctl(terminal, 0x4004_5431, &isLocked) == 0 && ioctl(terminal, 0x8004_5430, &number) == 0)
      let other = try #require(FileHandle(forUpdatingAtPath: "/dev/pts/\(number)"))
      let folder = try Scratch(withFixtures: true)
      // The log stays away, so that all the output fits into the terminal's buffer.
      let training = try RunningTool(
        ["train", "-solver", "train_cli.solver.prototxt"], in: folder.url,
        environment: ["TERM": "xterm", "GLOG_minloglevel": "3"], standardError: other)
      #expect(try training.finished().status == 0)
      let shown = FileHandle(fileDescriptor: terminal, closeOnDealloc: true).availableData
      let text = String(decoding: shown, as: UTF8.self)
      #expect(text.hasPrefix("\r\u{1B}[KTraining ["))
      #expect(text.hasSuffix("\r\u{1B}[K"))
    }
  #endif
}
