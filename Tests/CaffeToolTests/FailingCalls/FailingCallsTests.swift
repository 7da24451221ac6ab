#if os(Linux)
  import Caffe
  import Foundation
  import Testing

  /// `CAFFE_FAULTS=all` tries every call of every scenario in every way, `CAFFE_FAULTS=train` those of one scenario; by default some.
  @Suite(.serialized, .enabled(if: FailingCalls.library != nil, "there is no C compiler to build failing-calls.c"))
  struct `Failing system calls` {
    private static let wish = ProcessInfo.processInfo.environment["CAFFE_FAULTS"] ?? ""

    @Test(arguments: Scenario.all) func `are told, and leave nothing damaged or behind`(in scenario: Scenario) throws {
      guard ["", "all", scenario.name].contains(Self.wish) else { return }
      let harness = try FailingCalls(executable: RunningTool.executable(), library: FailingCalls.library!) { path in
        let database = try openDatabase(path)
        let cursor = database.makeCursor()
        return try (0..<database.count).reduce(into: Data()) { all, _ in
          let record = try cursor.next()
          all += record.key + [0] + record.value
        }
      }
      let report = try harness.report(on: scenario) { calls in
        [FailingCall.errors(of: calls), FailingCall.ends(at: calls)].flatMap { all in
          guard Self.wish.isEmpty, all.count > scenario.sampleCount else { return all }
          return (0..<scenario.sampleCount).map { all[($0 * all.count + all.count / 2) / scenario.sampleCount] }
        }
      }
      #expect(report.runs > 0)
      if !Self.wish.isEmpty {
        print("\(scenario): \(report.runs) runs, \(report.findings.count) findings")
        for (message, call) in report.messages.sorted(by: { $0.key < $1.key }) { print("  \(call)\n\(message)") }
      }
      for finding in report.findings { Issue.record("\(finding)") }
    }
  }

  extension FailingCalls {
    /// failing-calls.c as a library beside the tests; nil where it cannot be built.
    static let library: URL? = {
      do {
        let source = RunningTool.packageFolder.appending(path: "Tests/FailingCalls/failing-calls.c")
        let folder = try RunningTool.executable().deletingLastPathComponent()
        let library = folder.appending(path: "failing-calls.so")
        let new = folder.appending(path: "failing-calls.\(UUID().uuidString).so")
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["clang", "-O1", "-shared", "-fPIC", "-o", new.path, source.path]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0, rename(new.path, library.path) == 0 else { return nil }
        return library
      } catch {
        return nil
      }
    }()
  }

  extension Scenario {
    /// How many calls fail in the ordinary run of the tests, and as many end the process.
    fileprivate var sampleCount: Int {
      if ["train", "mean-lmdb", "convert-lmdb"].contains(name) { return 12 }
      return Scenario.others.contains { $0.name == name } ? 2 : 6
    }
  }
#endif
