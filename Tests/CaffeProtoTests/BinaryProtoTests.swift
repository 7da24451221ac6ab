import CaffeProto
import Foundation
import Testing

@Suite struct `Binary files` {
  /// A net with weights.
  static let net: NetParameter = {
    var layer = LayerParameter()
    layer.name = "ip"
    layer.type = "InnerProduct"
    layer.blobs = [BlobProto()]
    layer.blobs[0].shape.dim = [2, 3]
    layer.blobs[0].data = [1, 2, 3, 4, 5, 6]
    var net = NetParameter()
    net.layer = [layer]
    return net
  }()

  static func bytes() throws -> Data { try net.serializedBytes() }

  static func complaint(_ bytes: Data) -> String {
    do {
      return "no error: \(try NetDefinition(binary: bytes, file: "net.caffemodel").parameter)"
    } catch { return "\(error)" }
  }

  @Test func `read back what was written`() throws {
    try Fixtures.withTemporaryDirectory { directory in
      let path = directory + "/net.caffemodel"
      try BinaryProto.write(Self.net, path: path)
      try BinaryProto.write(Self.net, path: path)
      #expect(try NetParameter.read(binary: path) == Self.net)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["net.caffemodel"])
    }
  }

  @Test func `say why they cannot be written`() {
    do {
      try BinaryProto.write(Self.net, path: "/no/such/directory/net.caffemodel")
      Issue.record("no error")
    } catch {
      #expect(
        error.description == "/no/such/directory/net.caffemodel: error: cannot write the file: "
          + "No such file or directory; does its directory exist and is there space?")
    }
  }

  @Test func `are missing by name`() {
    do {
      _ = try BinaryProto.read(NetParameter.self, path: "no.caffemodel")
      Issue.record("no error")
    } catch {
      #expect(error.description == "no.caffemodel: error: File not found: no.caffemodel")
    }
  }

  @Test func `are refused when empty`() throws {
    try Fixtures.withTemporaryDirectory { directory in
      let path = directory + "/empty.caffemodel"
      try Data().write(to: URL(filePath: path))
      #expect(throws: BinaryProtoError(file: path, message: "NetParameter", problem: .empty)) {
        try BinaryProto.read(NetParameter.self, path: path)
      }
    }
  }

  @Test func `are refused when cut off anywhere`() throws {
    let bytes = try Self.bytes()
    for count in 1..<bytes.count {
      #expect(
        Self.complaint(bytes.prefix(count)).hasPrefix("net.caffemodel: error: the file is damaged or cut off (\(count)")
      )
    }
  }

  @Test(
    arguments: [
      [0xA2, 0x06, 0xFF, 0xFF, 0xFF, 0xFF, 0x07],
      [0xA2, 0x06, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
      [0xA2, 0x06, 0x06, 0x3A, 0x04, 0x2A, 0xFF, 0xFF, 0x7F], [0xA2, 0x06, 0x80], [0x00], [0x07], [0x0B, 0x80],
    ] as [[UInt8]])
  func `are refused when a length or a key is forged`(bytes: [UInt8]) {
    #expect(Self.complaint(Data(bytes)).hasPrefix("net.caffemodel: error: the file is damaged or cut off"))
  }

  @Test func `never crash a reader with bytes at random`() throws {
    var generator = SplitMix64(state: 7)
    let good = try Self.bytes()
    for _ in 0..<3000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      _ = Self.complaint(bytes)
      _ = Self.complaint(Data((0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) }))
    }
  }

  @Test func `are refused when nested too deep`() {
    var bytes = Data()
    for _ in 0..<200 { bytes = Data([0xA2, 0x06]) + Self.varint(bytes.count) + bytes }
    #expect(!Self.complaint(bytes).isEmpty)
  }

  static func varint(_ value: Int) -> Data {
    value < 128 ? Data([UInt8(value)]) : Data([UInt8(value & 127) | 128]) + varint(value >> 7)
  }

  @Test(arguments: [
    ("\u{89}HDF", "HDF5"), ("name: \"LeNet\"\n", "text"), ("<!DOCTYPE html>", "a page of HTML or XML"),
    (
      "version https://git-lfs.github.com/spec/v1\n",
      "a pointer of Git LFS (fetch the file itself with \"git lfs pull\")"
    ),
  ])
  func `of other kinds are recognised`(start: String, kind: String) {
    let bytes = Data(start.unicodeScalars.map { UInt8($0.value) })
    #expect(
      Self.complaint(bytes) == """
        net.caffemodel: error: the file is \(kind), not a binary NetParameter
        Failed to parse NetParameter file: net.caffemodel
        """)
  }

  @Test func `drop fields of forks`() throws {
    let bytes = try Self.bytes() + Data([0xF8, 0x7F, 5])
    #expect(try NetDefinition(binary: bytes, file: "n").parameter == Self.net)
  }

  @Test func `of forks are read although a number of theirs means something else here`() throws {
    // Field 148 is clip_param here, with two required numbers; this one has a string in it.
    let clash = Data([0xA2, 0x09, 0x03, 0x0A, 0x01, 0x61])
    let layer = Data([0x0A, 0x01, 0x6C, 0x12, 0x04]) + Data("Mish".utf8) + clash
    let bytes = try Self.bytes() + Data([0xA2, 0x06, UInt8(layer.count)]) + layer
    let net = try NetDefinition(binary: bytes, file: "fork.caffemodel")
    #expect(net.parameter.layer.map(\.type) == ["InnerProduct", "Mish"])
    #expect(net.parameter.layer[0] == Self.net.layer[0])
    #expect(!net.parameter.layer[1].hasClipParam)
    #expect(
      net.notices.map(\.text) == ["layer \"l\": left out clip_param, which is not what a Mish layer has here"])
  }

  @Test func `are refused when a layer's own settings are damaged`() throws {
    let layer = Data([0x12, 0x04]) + Data("Clip".utf8) + Data([0xA2, 0x09, 0x00])
    let bytes = Data([0xA2, 0x06, UInt8(layer.count)]) + layer
    #expect(Self.complaint(bytes).contains("12 bytes, a field that must be there is missing"))
  }

  @Test func `are read with names in other encodings`() throws {
    let bytes = Data([0x0A, 0x02, 0xC4, 0xE3]) + (try Self.bytes())  // GBK
    let net = try NetDefinition(binary: bytes, file: "n").parameter
    #expect(net.layer == Self.net.layer)
  }
}

/// A generator of random numbers that gives the same ones in every run.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
