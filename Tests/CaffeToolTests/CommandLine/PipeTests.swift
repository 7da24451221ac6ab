import Caffe
import Foundation
import Testing

/// What the commands read need not be a file.
@Suite struct `Pipes` {
  @Test func `bring a solver`() throws {
    let folder = try DigitsFolder()
    let solver = DigitsFolder.solver.replacingOccurrences(of: "snapshot_prefix: \"run\"", with: "")
    let run = try Run(["train", "--solver", "/dev/stdin"], in: folder.scratch.url, input: solver)
    #expect(run.status == 0)
    #expect(try folder.files().contains("solver_iter_8.caffemodel"))
  }

  @Test func `bring the net of a solver, for training and tests`() throws {
    let folder = try DigitsFolder()
    try folder.replace(
      "net: \"net.prototxt\"", by: "net: \"/dev/stdin\" test_iter: 2 test_interval: 4", in: "solver.prototxt")
    let run = try Run(["train", "--solver", "solver.prototxt"], in: folder.scratch.url, input: DigitsFolder.net)
    #expect(run.status == 0)
    #expect(run.errors.contains("Iteration 8, Testing net (#0)"))
  }

  @Test func `bring nets, also by their names`() throws {
    let folder = try DigitsFolder()
    #expect(try folder.train().status == 0)
    let test = ["test", "-weights", "run_iter_8.caffemodel", "-iterations", "1", "-model"]
    #expect(try Run(test + ["/dev/stdin"], in: folder.scratch.url, input: DigitsFolder.net).status == 0)
    #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
    let path = folder.path
    Thread { try? DigitsFolder.net.write(toFile: path + "/pipe", atomically: false, encoding: .utf8) }.start()
    #expect(try Run(test + ["pipe"], in: folder.scratch.url).status == 0)
  }

  @Test func `bring weights for all nets of a solver`() throws {
    let folder = try DigitsFolder()
    #expect(try folder.train().status == 0)
    try folder.replace("max_iter: 8", by: "max_iter: 2 test_iter: 1 test_interval: 2", in: "solver.prototxt")
    #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
    let (path, weights) = (folder.path, try folder.bytes("run_iter_8.caffemodel"))
    Thread { try? weights.write(to: URL(filePath: path + "/pipe")) }.start()
    #expect(try folder.train("--weights", "pipe").status == 0)
  }

  @Test func `bring weights`() throws {
    let folder = try DigitsFolder()
    #expect(try folder.train().status == 0)
    #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
    let (path, weights) = (folder.path, try folder.bytes("run_iter_8.caffemodel"))
    Thread { try? weights.write(to: URL(filePath: path + "/pipe")) }.start()
    let run = try Run(
      ["test", "-weights", "pipe", "-iterations", "1", "-model", "net.prototxt"], in: folder.scratch.url)
    #expect(run.status == 0)
    #expect(!run.errors.contains("has no weights for layer"))
  }

  @Test func `bring lists of images`() throws {
    let folder = try Scratch()
    let list = try String(contentsOfFile: dataFixture("same.txt"), encoding: .utf8)
    let run = try Run(
      ["convert_imageset", dataFixture("images/"), "/dev/stdin", "db"], in: folder.url, input: "\u{FEFF}" + list)
    #expect(run.status == 0 && run.messages.contains("A total of 5 images."))
    let inspect = try Run(["data", "inspect", "-root_folder", dataFixture("images/"), "/dev/stdin"], input: list)
    #expect(inspect.output.contains("\nrecords   5\nshapes    3x12x14 (5)"))
  }

  @Test func `bring logs and flags`() throws {
    let folder = try Scratch(withFixtures: true)
    let log = try String(contentsOf: folder.url.appending(path: "year.log"), encoding: .utf8)
    #expect(try Run(["parse_log", "/dev/stdin"], in: folder.url, input: log).status == 0)
    let table = try String(contentsOf: folder.url.appending(path: "stdin.train"), encoding: .utf8)
    #expect(table.hasPrefix("#Iters Seconds TrainingLoss"))
    #expect(try Run(["device_query", "-flagfile", "/dev/stdin"], input: "\u{FEFF}-logtostderr\r\n").status == 0)
  }

  @Test func `bring flags to commands that run nets, which would otherwise start again`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run(
      ["time", "-flagfile", "/dev/stdin"], in: folder.url, input: "-model=net_conv.prototxt\n-iterations=1\n")
    #expect(run.status == 0 && run.messages.contains("Testing for 1 iterations."))
  }

  // MARK: Bad input

  @Test func `without a word are empty files`() throws {
    let folder = try Scratch()
    for arguments in [
      ["convert_imageset", "/", "/dev/stdin", "db"], ["train", "-solver", "/dev/stdin"], ["parse_log", "/dev/stdin"],
      ["time", "-model", "/dev/stdin"], ["upgrade_net_proto_text", "/dev/stdin", "out"],
    ] {
      let run = try Run(arguments, in: folder.url, input: "")
      #expect(!run.errors.contains("CocoaError") && !run.errors.contains("Foundation"), "\(arguments): \(run.errors)")
    }
  }
}
