import Caffe
import Foundation
import Testing

@Suite struct `caffe with -untrusted` {
  private let folder: DigitsFolder

  init() throws {
    folder = try DigitsFolder()
    try folder.scratch.write("here", to: "mark")
  }

  /// A folder beside the net's, which the net must not reach.
  private func makeOutside() throws -> String {
    let outside = folder.path + "-outside"
    try FileManager.default.copyItem(atPath: folder.path + "/digits_lmdb", toPath: outside)
    return outside
  }

  @Test func `trains, resumes and tests what stays in its folder`() throws {
    #expect(try folder.train("-untrusted").status == 0)
    #expect(try folder.train("-untrusted", "-snapshot", "run_iter_4.solverstate").status == 0)
    let run = try Run(
      "test", "-untrusted", "-memory_limit", "100", "-model", "net.prototxt", "-weights", "run_iter_8.caffemodel",
      "-iterations", "1", in: folder.scratch.url)
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func `refuses data, nets, weights and snapshots outside of the solver's folder`() throws {
    let outside = try makeOutside()
    defer { try? FileManager.default.removeItem(atPath: outside) }
    let cases = [
      ("net.prototxt", "digits_lmdb", outside), ("solver.prototxt", #"net: "net.prototxt""#, #"net: "/etc/passwd""#),
      ("solver.prototxt", "max_iter: 8", #"max_iter: 8 weights: "/etc/passwd""#),
      ("solver.prototxt", #"snapshot_prefix: "run""#, #"snapshot_prefix: "../run""#),
    ]
    for (file, part, other) in cases {
      let before = try folder.bytes(file)
      try folder.replace(part, by: other, in: file)
      let run = try folder.train("-untrusted")
      #expect(run.status == 1)
      #expect(run.errors.contains("leads out of the folder"), "\(other): \(run.errors)")
      try folder.scratch.write(before, to: file)
    }
    try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: outside)
    try folder.replace("digits_lmdb", by: "link", in: "net.prototxt")
    #expect(try folder.train("-untrusted").errors.contains("leads out of the folder"))
    #expect(try folder.train().status == 0)
  }

  @Test func `refuses a state that names weights outside of its folder`() throws {
    let outside = folder.path + "-outside.caffemodel"
    defer { try? FileManager.default.removeItem(atPath: outside) }
    #expect(try folder.train().status == 0)
    try FileManager.default.moveItem(atPath: folder.path + "/run_iter_4.caffemodel", toPath: outside)
    let path = folder.path + "/run_iter_4.solverstate"
    var state = try BinaryProto.read(SolverState.self, path: path)
    state.learnedNet = outside
    try BinaryProto.write(state, path: path)
    let run = try folder.train("-untrusted", "-snapshot", "run_iter_4.solverstate")
    #expect(run.status == 1 && run.errors.contains("leads out of the folder"))
    #expect(try folder.train("-snapshot", "run_iter_4.solverstate").status == 0)
  }

  @Test func `refuses lists that name files outside`() throws {
    let image = try Data(contentsOf: URL(filePath: dataFixture("images/s0.png")))
    try folder.scratch.write(image, to: "s0.png")
    let net = """
      layer { name: "d" type: "ImageData" top: "x" top: "l" image_data_param { source: "list" batch_size: 1 } }
      """
    try folder.scratch.write(net, to: "images.prototxt")
    func time(_ list: String) throws -> Run {
      try folder.scratch.write(list, to: "list")
      return try Run("time", "-untrusted", "-model", "images.prototxt", "-iterations", "1", in: folder.scratch.url)
    }
    #expect(try time("s0.png 0\n").status == 0)
    for list in ["/etc/passwd 0\n", "s0.png 0\n../x.png 1\n"] {
      let run = try time(list)
      #expect(run.status == 1 && run.errors.contains("leads out of the folder"))
    }
  }

  @Test func `refuses what takes too much memory, also of batches`() throws {
    let run = try folder.train("-untrusted", "-memory_limit", "1")
    #expect(run.status == 0, "\(run.errors)")
    try folder.replace("batch_size: 7", by: "batch_size: 20000000", in: "net.prototxt")
    let large = try folder.train("-untrusted")
    #expect(large.status == 1)
    #expect(large.errors.contains("but the limit is"), "\(large.errors)")
  }

  @Test func `takes a limit only with it`() throws {
    let run = try folder.train("-memory_limit", "10")
    #expect(run.status == 2 && run.errors.contains("-memory_limit is for -untrusted, which is missing."))
    #expect(try folder.train("-untrusted", "-memory_limit", "0").status == 2)
  }
}
