import Caffe
import Foundation
import Testing

@Suite struct `The upgrade tools` {
  private static let folder = RunningTool.packageFolder.appending(path: "Tests/Fixtures/upgrade")

  struct Golden: Decodable, CustomTestStringConvertible {
    var kind: String
    var input: String
    var output: String?
    var exitCode: Int32
    var messages: [String]

    var testDescription: String { input }
    var tool: String { kind == "net" ? "upgrade_net_proto_text" : "upgrade_solver_proto_text" }

    enum CodingKeys: String, CodingKey {
      case kind, input, output, messages
      case exitCode = "exit_code"
    }

    static func all() throws -> [Golden] {
      try JSONDecoder().decode([Golden].self, from: Data(contentsOf: folder.appending(path: "upgrade.json")))
        .filter { ["net", "solver"].contains($0.kind) && $0.output != nil }
    }
  }

  @Test(arguments: try Golden.all()) func `do what the original's do`(golden: Golden) throws {
    let scratch = try Scratch()
    let input = Self.folder.appending(path: golden.input).path
    let run = try Run(input, "out.prototxt", as: golden.tool, in: scratch.url)
    #expect(run.status == golden.exitCode)
    for message in golden.messages where message.hasPrefix("Unknown parameter") || message.hasPrefix("Encountered") {
      #expect(run.messages.contains(message))
    }
    let isLatest = golden.messages.contains { $0.hasPrefix("File already in latest proto format") }
    #expect(run.messages.contains("File already in latest proto format: \(input)") == isLatest)
    let output = scratch.url.appending(path: "out.prototxt").path
    let expected = Self.folder.appending(path: try #require(golden.output)).path
    if golden.kind == "net" {
      #expect(try Prototxt.read(NetParameter.self, path: output) == Prototxt.read(NetParameter.self, path: expected))
    } else {
      #expect(
        try Prototxt.read(SolverParameter.self, path: output) == Prototxt.read(SolverParameter.self, path: expected))
    }
  }

  @Test func `refuse a file of another kind, which would decode as an empty net`() throws {
    let scratch = try Scratch()
    let mean = BlobProto.with { ($0.num, $0.channels, $0.height, $0.width, $0.data) = (1, 1, 1, 2, [1, 2]) }
    try BinaryProto.write(mean, path: scratch.url.appending(path: "mean.binaryproto").path)
    let run = try Run("mean.binaryproto", "out", as: "upgrade_net_proto_binary", in: scratch.url)
    #expect(run.status == 2)
    #expect(run.errors.contains("the file is a single blob, such as a mean image (.binaryproto)"))
    #expect(!FileManager.default.fileExists(atPath: scratch.url.appending(path: "out").path))
  }

  @Test func `give status 2 for a file that cannot be read, and 1 for a wrong command line`() throws {
    for tool in ["upgrade_net_proto_text", "upgrade_net_proto_binary", "upgrade_solver_proto_text"] {
      let missing = try Run("missing", "out", as: tool)
      #expect(missing.status == 2)
      #expect(missing.errors.contains("missing"))
      #expect(try Run("only_one", as: tool).status == 1)
    }
  }
}
