import CaffeProto
import Foundation
import Testing

@Suite struct `A weight file` {
  /// What a file with these bytes gives: the name of each layer and the values of its blobs.
  private func layers(_ bytes: Data) throws -> [String: [[Float]]]? {
    try Fixtures.withTemporaryDirectory { directory in
      let path = directory + "/net.caffemodel"
      try bytes.write(to: URL(filePath: path))
      return try WeightFile(path: path).map { file in
        let layers = file.definition.parameter.layer
        return try Dictionary(
          layers.map { layer in (layer.name, try layer.blobs.map { try values(of: $0, in: file) }) },
          uniquingKeysWith: { first, _ in first })
      }
    }
  }

  private func values(of blob: BlobProto, in file: WeightFile) throws -> [Float] {
    guard let places = file.values(of: blob) else {
      let blob = try file.decoded(blob)
      return blob.doubleData.isEmpty ? blob.data : blob.doubleData.map(Float.init)
    }
    var values = [Float](repeating: .nan, count: places.data.count)
    try values.withUnsafeMutableBufferPointer { try file.read(places.data, into: $0) }
    return values
  }

  private func field(_ number: Int, _ content: Data) -> Data {
    `Binary files`.varint(number << 3 | 2) + `Binary files`.varint(content.count) + content
  }

  private func floats(_ values: [Float]) -> Data { values.withUnsafeBytes { Data($0) } }

  @Test func `gives shapes at once and values when asked`() throws {
    #expect(try layers(`Binary files`.bytes()) == ["ip": [[1, 2, 3, 4, 5, 6]]])
  }

  @Test func `joins values that were written in pieces`() throws {
    let blob = field(5, floats([1, 2])) + field(5, floats([3]))
    #expect(try layers(field(100, field(1, Data("a".utf8)) + field(7, blob))) == ["a": [[1, 2, 3]]])
  }

  @Test func `takes floats that were written one by one, and doubles`() throws {
    let single = Data([5 << 3 | 5]) + floats([1]) + Data([5 << 3 | 5]) + floats([2])
    let double = field(8, [1.5, 2.5].withUnsafeBytes { Data($0) })
    let layer = field(1, Data("a".utf8)) + field(7, single) + field(7, double)
    #expect(try layers(field(100, layer)) == ["a": [[1, 2], [1.5, 2.5]]])
  }

  @Test func `knows the older formats`() throws {
    let blob = field(5, floats([1, 2]))
    let v1 = field(2, field(4, Data("v1".utf8)) + field(6, blob))
    let v0 = field(2, field(1, field(1, Data("v0".utf8)) + field(2, Data("relu".utf8)) + field(50, blob)))
    #expect(try layers(v1) == ["v1": [[1, 2]]])
    #expect(try layers(v0) == ["v0": [[1, 2]]])
  }

  @Test func `drops fields that nobody knows, however large`() throws {
    let unknown = field(9999, Data(count: 100_000))
    #expect(try layers(unknown + `Binary files`.bytes() + unknown) == ["ip": [[1, 2, 3, 4, 5, 6]]])
  }

  @Test func `gives the large as the small`() throws {
    let values = (0..<5_000_000).map(Float.init)
    #expect(
      try layers(field(100, field(1, Data("a".utf8)) + field(7, field(5, floats(values))))) == ["a": [values]])
  }

  @Test func `leaves what is damaged to the decoder, which says why`() throws {
    let bytes = try `Binary files`.bytes()
    for count in 0..<bytes.count { #expect(try layers(bytes.prefix(count)) == nil) }
  }

  @Test func `leaves what is no regular file to the decoder`() throws {
    #expect(try WeightFile(path: "/dev/null") == nil)
    #expect(try WeightFile(path: "no.caffemodel") == nil)
    #expect(try WeightFile(path: "/") == nil)
  }

  @Test func `that became shorter is an error`() throws {
    try Fixtures.withTemporaryDirectory { directory in
      let path = directory + "/net.caffemodel"
      try `Binary files`.bytes().write(to: URL(filePath: path))
      let file = try #require(try WeightFile(path: path))
      truncate(path, 20)
      let error = #expect(throws: BinaryProtoError.self) {
        try values(of: file.definition.parameter.layer[0].blobs[0], in: file)
      }
      #expect(error?.description.contains("it became shorter while it was read") == true)
    }
  }

  @Test func `says the same as the decoder, whatever the bytes`() throws {
    var generator = SplitMix64(state: 11)
    let good = try `Binary files`.bytes()
    for _ in 0..<300 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      let decoded = try? NetDefinition(binary: bytes, file: "net").parameter.layer
      guard let found = try? layers(bytes) else { continue }
      let expected = (decoded ?? []).map { layer in
        (layer.name, layer.blobs.map { $0.doubleData.isEmpty ? $0.data : $0.doubleData.map(Float.init) })
      }
      #expect(decoded == nil || found.description == Dictionary(expected) { first, _ in first }.description)
    }
  }
}
