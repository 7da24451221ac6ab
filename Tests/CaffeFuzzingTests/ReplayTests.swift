import CaffeCore
import CaffeFuzzing
import Foundation
import Testing

/// Reads again what fuzzing found worth trying, and damaged copies of it. A trap or a hang ends the run, which is what it is for;
/// `Scripts/fuzz` searches further.
@Suite struct ReplayTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
    .standardized.path
  private static let words = FuzzTarget.words.map { Array($0.utf8) }

  private func corpus(of target: FuzzTarget) throws -> [[UInt8]] {
    let file = URL(filePath: "\(Self.fixtures)/fuzz/\(target.name)")
    return try FileBundle([UInt8](Data(contentsOf: file))).files.map(\.content)
  }

  @Test(.timeLimit(.minutes(2)), arguments: FuzzTarget.all.map(\.name))
  func `readers read or refuse what fuzzing has tried`(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    for bytes in try corpus(of: target) { try target.run(bytes) }
  }

  @Test(.timeLimit(.minutes(2)), arguments: FuzzTarget.all.map(\.name))
  func `readers read or refuse damaged files`(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let sound = try target.seeds(under: Self.fixtures) + corpus(of: target)
    for index in 0..<300 {
      var mutation = Mutation(Random(seed: 1, stream: UInt64(index)), words: Self.words)
      let first = sound[mutation.draw(sound.count)]
      try target.run(mutation.damaged(first, with: sound[mutation.draw(sound.count)]))
    }
  }

  @Test(arguments: FuzzTarget.all.map(\.name))
  func `some sound input of each target is read`(_ name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    #expect(try target.seeds(under: Self.fixtures).contains { try target.run($0) == nil })
  }
}
