import Foundation
import Testing

@Suite struct `An interrupted training run` {
  private func folder(iterations: Int, every: Int) throws -> DigitsFolder {
    let folder = try DigitsFolder()
    try folder.replace("max_iter: 8", by: "max_iter: \(iterations)", in: "solver.prototxt")
    try folder.replace("snapshot: 4", by: "snapshot: \(every)", in: "solver.prototxt")
    return folder
  }

  @Test func `gives the same bytes twice for one seed`() throws {
    let runs = try (0..<2).map { _ in
      let folder = try DigitsFolder()
      #expect(try folder.train().status == 0)
      return try folder.bytes("run_iter_8.caffemodel")
    }
    #expect(runs[0] == runs[1])
  }

  @Test(arguments: [350, 1100])
  func `goes on after kill -9 to the same bytes`(killedAt iteration: Int) throws {
    let whole = try folder(iterations: 4000, every: 300)
    #expect(try whole.train().status == 0)

    let killed = try folder(iterations: 4000, every: 300)
    let training = try RunningTool(["train", "--solver", "solver.prototxt"], in: killed.scratch.url)
    try #require(try training.waits(for: "Iteration \(iteration) ("))
    training.send(SIGKILL)
    #expect(try training.finished().status == SIGKILL)
    // Whatever the moment, what bears a snapshot's name is whole: it is what the other run wrote.
    let written = try killed.files().filter { $0.hasPrefix("run_iter_") && !$0.hasSuffix(".tmp") }
    for file in written { #expect(try killed.bytes(file) == whole.bytes(file)) }

    let states = written.filter { $0.hasSuffix(".solverstate") }
    let last = try #require(states.max { $0.count == $1.count ? $0 < $1 : $0.count < $1.count })
    #expect(try killed.train("--snapshot", last).status == 0)
    for file in ["run_iter_4000.caffemodel", "run_iter_4000.solverstate"] {
      #expect(try killed.bytes(file) == whole.bytes(file))
    }
  }

  #if os(Linux)
    @Test func `keeps training, and what it wrote before, when the disk is full`() throws {
      let folder = try DigitsFolder()
      #expect(try folder.train().status == 0)
      let before = try folder.bytes("run_iter_8.caffemodel")
      // A limit on the size of files stands in for a full disk.
      let command = """
        (ulimit -f 1; exec "\(try RunningTool.executable().path)" train --solver solver.prototxt) 2>&1 | cat > log
        exit ${PIPESTATUS[0]}
        """
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/bash")
      shell.arguments = ["-c", command]
      shell.currentDirectoryURL = folder.scratch.url
      try shell.run()
      shell.waitUntilExit()
      let log = String(decoding: try folder.bytes("log"), as: UTF8.self)
      #expect(shell.terminationStatus == 1)
      #expect(log.contains("The snapshot of iteration 4 was not written; training goes on."))
      #expect(log.contains("Iteration 6 ("))
      #expect(log.contains("run_iter_8.caffemodel: File too large"))
      #expect(try folder.bytes("run_iter_8.caffemodel") == before)
      #expect(try !folder.files().contains { $0.hasSuffix(".tmp") })
    }

    @Test func `is refused before it begins when snapshots cannot be written`() throws {
      let folder = try DigitsFolder()
      try folder.replace(#"snapshot_prefix: "run""#, by: #"snapshot_prefix: "/sys/run""#, in: "solver.prototxt")
      let run = try folder.train()
      #expect(run.status == 1)
      #expect(run.errors.contains("Cannot write to snapshot prefix '/sys/run'"))
    }
  #endif
}
