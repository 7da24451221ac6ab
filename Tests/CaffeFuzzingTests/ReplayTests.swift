import CaffeCore
import CaffeFuzzing
import Foundation
import Testing

/// Reads again what fuzzing found worth trying, and damaged copies of it. A trap or a hang ends the run, which is what it is for;
/// `Scripts/fuzz` searches further.
@Suite struct ReplayTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/fuzz")
  private static let words = FuzzTarget.words.map { Array($0.utf8) }

  private func corpus(of target: FuzzTarget) throws -> [[UInt8]] {
    try FileBundle([UInt8](Data(contentsOf: Self.folder.appending(path: target.name)))).files.map(\.content)
  }

  @Test(.timeLimit(.minutes(2)), arguments: FuzzTarget.all.map(\.name))
  func `readers read or refuse what fuzzing has tried`(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let refusals = try (corpus(of: target) + target.made()).map { try target.run($0) }
    #expect(
      refusals.contains { $0 == nil }, "nothing of the corpus is sound: \(Set(refusals.compactMap(\.self)).sorted())")
  }

  @Test(.timeLimit(.minutes(2)), arguments: FuzzTarget.all.map(\.name))
  func `readers read or refuse damaged files`(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let files = try corpus(of: target)
    for index in 0..<200 {
      var mutation = Mutation(Random(seed: 1, stream: UInt64(index)), words: Self.words)
      let file = files[mutation.draw(files.count)]
      try target.run(mutation.damaged(file, with: files[mutation.draw(files.count)]))
    }
  }

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `readers read what targets make for them`(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    for bytes in try target.made() { #expect(try target.run(bytes) == nil) }
  }
}
