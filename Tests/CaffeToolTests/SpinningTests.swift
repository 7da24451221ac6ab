import CaffeTool
import Foundation
import Testing

#if os(Linux)
  @Suite struct `Threads of the command` {
    /// What libgomp says of its settings, when the command runs a net in this environment.
    private func settings(_ environment: [String: String] = [:]) throws -> String {
      let scratch = try Scratch()
      _ = try scratch.write(
        "layer { name: 'x' type: 'DummyData' top: 'x' dummy_data_param { shape { dim: 1 } } }", to: "n.prototxt")
      let process = Process()
      process.executableURL = try RunningTool.executable()
      process.arguments = ["time", "-model", "n.prototxt", "-iterations", "1"]
      process.currentDirectoryURL = scratch.url
      process.environment = ["OMP_DISPLAY_ENV": "verbose"].merging(environment) { _, new in new }
      process.standardOutput = FileHandle.nullDevice
      process.standardError = try FileHandle(forWritingTo: URL(filePath: scratch.write("", to: "err")))
      try process.run()
      process.waitUntilExit()
      return try String(contentsOf: scratch.url.appending(path: "err"), encoding: .utf8)
    }

    @Test func `spin for a moment only before they sleep`() throws {
      #expect(try settings().contains("GOMP_SPINCOUNT = '30000'"))
    }

    @Test func `wait as the environment says`() throws {
      #expect(try settings(["GOMP_SPINCOUNT": "77"]).contains("GOMP_SPINCOUNT = '77'"))
      let active = try settings(["OMP_WAIT_POLICY": "active"])
      #expect(active.contains("OMP_WAIT_POLICY = 'ACTIVE'") && !active.contains("GOMP_SPINCOUNT = '30000'"))
    }
  }
#endif
