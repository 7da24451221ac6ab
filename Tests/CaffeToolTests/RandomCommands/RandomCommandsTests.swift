#if os(Linux)
  import Foundation
  import Testing

  /// `CAFFE_COMMANDS="20000 1"` tries 20,000 command lines, from the seed 1 on; by default some.
  @Suite(.serialized) struct `Random command lines` {
    @Test func `are made of an example for each command, which makes sense`() throws {
      let executable = try RunningTool.executable()
      let names = try Declaration(of: [], executable: executable).commandNames
      #expect(Set(names).subtracting(["help"]) == Set(Example.all.map(\.command)))
      #expect(try RandomCommands(executable: executable).failedExamples() == [])
    }

    @Test func `end with success or a sentence, and leave files as they are`() throws {
      let wish = ProcessInfo.processInfo.environment["CAFFE_COMMANDS"].map {
        $0.split(separator: " ").compactMap { Int($0) }
      }
      let (count, first) = (wish?.first ?? 300, wish?.dropFirst().first ?? 0)
      let commands = try RandomCommands(executable: RunningTool.executable())
      DispatchQueue.concurrentPerform(iterations: count) { index in
        do {
          let finding = try commands.finding(forSeed: UInt64(first + index))
          if let finding { Issue.record("\(finding)") }
        } catch {
          Issue.record(error)
        }
      }
    }
  }
#endif
