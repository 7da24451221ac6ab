import CaffeCore
import CaffeFuzzing
import Testing

@Suite struct MutationTests {
  @Test func `the same random numbers do the same damage`() {
    let bytes = Array("layer { name: \"ip\" }".utf8)
    let copies = (0..<2).map { _ in
      var mutation = Mutation(Random(seed: 3), words: [Array("bottom".utf8)])
      return (0..<100).map { _ in mutation.damaged(bytes, with: bytes) }
    }
    #expect(copies[0] == copies[1])
    #expect(Set(copies[0]).count > 80)
  }

  @Test func `several files become one row of bytes and files again`() {
    let files: [(name: String, content: [UInt8])] = [("a", [1, 2, 3]), ("b.log", []), ("c", [0])]
    let bundle = FileBundle(FileBundle(files).bytes)
    #expect(bundle.files.map(\.name) == files.map(\.name))
    #expect(bundle.files.map(\.content) == files.map(\.content))
  }

  @Test func `damaged bundles are bundles`() {
    let bytes = FileBundle([("a", [1, 2, 3]), ("b", Array(repeating: 7, count: 300))]).bytes
    for length in bytes.indices { _ = FileBundle(Array(bytes[..<length])) }
    #expect(FileBundle([0x61, 0, 0xFF, 0xFF, 0xFF, 0xFF, 5]).files.map(\.content) == [[5]])
  }
}
