import CaffeProto
import Foundation
import Testing

@Suite struct `The kind of a file` {
  private static let examples: [(Data, String)] = [
    (bytes([0x1F, 0x8B, 8, 0]), "compressed (gzip)"),
    (bytes([], "BZh9"), "compressed (bzip2)"),
    (bytes([0x93], "NUMPY"), "a NumPy array (.npy)"),
    (bytes([0x80, 2, 0x8A, 0x0A]), "a pickle of Python, perhaps of PyTorch (.pt, .pth, .pkl)"),
    (zip("archive/data.pkl"), "a model of PyTorch (.pt, .pth)"),
    (zip("weights.npy"), "a collection of NumPy arrays (.npz)"),
    (zip("a.txt"), "compressed (zip)"),
    (bytes([64, 0, 0, 0, 0, 0, 0, 0], #"{"a":{}}"#), "a model in the format safetensors"),
    (bytes([0x1C, 0, 0, 0], "TFL3"), "a model of TensorFlow Lite (.tflite)"),
    (bytes([8, 3, 0x12, 1, 0x61, 0x3A, 2, 8, 1]), "a model in the format ONNX"),
    (bytes([], "\n <!DOCTYPE html><html>"), "a page of HTML or XML"),
    (bytes([0xFF, 0xD8, 0xFF, 0xE0]), "a picture (JPEG)"),
    (bytes([], "name: 'n'  layer { name: 'a' }"), "the definition of a net (.prototxt)"),
    (bytes([], "# a net\ninput: 'x'\ninput_dim: 1"), "the definition of a net (.prototxt)"),
    (bytes([], "net: 'n.prototxt' base_lr: 0.01 max_iter: 5\n"), "the definition of a solver (.prototxt)"),
    (bytes([], "train_net_param { layer { name: 'a' } } type: 'SGD'"), "the definition of a solver (.prototxt)"),
    (bytes([], "Once upon a time"), "text"),
    (bytes([], "I0101 solver.cpp:33] Initializing: a\nlayer {\n name: 'x' }\nloss: 1\nlr: 2\nIteration: 3"), "text"),
    (bytes([], "name: n\ninput: a\nversion: 3\nstages: [a]\nruns: 2\n"), "text"),
    (bytes([], "RIFF\u{10}\u{0}\u{0}\u{0}WEBPVP8 "), "a picture (WebP)"),
  ]

  @Test(arguments: examples)
  func `is told by its bytes`(bytes: Data, description: String) {
    #expect(FileKind(bytes)?.description == description)
  }

  @Test func `is told for messages, which have no mark`() throws {
    let blob = BlobProto.with { ($0.shape.dim, $0.data) = ([2], [1, 2]) }
    let mean = BlobProto.with { ($0.num, $0.channels, $0.height, $0.width, $0.data) = (1, 1, 1, 2, [1, 2]) }
    let layer = LayerParameter.with { ($0.name, $0.blobs) = ("a", [blob]) }
    let old = V1LayerParameter.with { ($0.name, $0.blobs) = ("a", [blob]) }
    let net = NetParameter.with { ($0.name, $0.layer) = ("n", [layer]) }
    let oldNet = NetParameter.with { ($0.name, $0.layers) = ("n", [old]) }
    let state = SolverState.with { ($0.iter, $0.learnedNet, $0.history) = (1, "m", [blob]) }
    let stateWithoutHistory = SolverState.with { ($0.iter, $0.learnedNet) = (1, "m") }
    let datum = Datum.with { ($0.channels, $0.height, $0.width, $0.data) = (1, 1, 2, Data([1, 2])) }
    var kinds: [(Data, FileKind)] = []
    kinds.append((try blob.serializedBytes(), .blob))
    kinds.append((try mean.serializedBytes(), .blob))
    kinds.append((try net.serializedBytes(), .weights))
    kinds.append((try NetParameter.with { $0.layer = [layer] }.serializedBytes(), .weights))
    kinds.append((try oldNet.serializedBytes(), .weights))
    kinds.append((try state.serializedBytes(), .solverState))
    kinds.append((try stateWithoutHistory.serializedBytes(), .solverState))
    kinds.append((try datum.serializedBytes(), .datum))
    for (bytes, kind) in kinds { #expect(FileKind(bytes) == kind) }
  }

  @Test func `is not guessed`() {
    for bytes in [Data(), Data([0]), Data([1, 2, 3, 4]), Data(repeating: 0xFF, count: 300)] {
      #expect(FileKind(bytes) == nil)
    }
    var generator = SplitMix64(state: 3)
    for _ in 0..<2000 {
      _ = FileKind(
        Data((0..<Int.random(in: 1...300, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }))
    }
  }

  @Test func `in the wrong place is named with the way out`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "caffe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func complaint(_ bytes: Data, _ role: FileRole) throws -> String {
      let file = folder.appending(path: "file")
      try bytes.write(to: file)
      do { try role.check(file.path) } catch { return "\(error)" }
      return "none"
    }
    let state = try SolverState.with { ($0.iter, $0.learnedNet) = (1, "m") }.serializedBytes() as Data
    #expect(
      try complaint(state, .weights).contains("is the state of a solver (.solverstate), not weights (.caffemodel)"))
    #expect(try complaint(state, .weights).contains("give it as -snapshot"))
    #expect(try complaint(Data([0x1F, 0x8B]), .weights).contains("unpack it first: gunzip"))
    #expect(try complaint(Data("layer { }".utf8), .weights).contains("were the definition and the weights swapped?"))
    #expect(try complaint(Data("layer { }".utf8), .solver).contains("give a solver, whose field net names this file"))
    #expect(try complaint(Data("net: 'a' base_lr: 1".utf8), .net).contains("give the file that its field net names"))
    #expect(try complaint(Data([0x93]) + Data("NUMPY".utf8), .mean).contains("caffe.io.array_to_blobproto"))
    #expect(try complaint(Data("layer { }".utf8), .net) == "none")
    #expect(try complaint(state, .solverState) == "none")
  }

  private static func bytes(_ start: [UInt8], _ text: String = "") -> Data { Data(start) + Data(text.utf8) }

  private static func zip(_ name: String) -> Data {
    let header = Data(repeating: 0, count: 22) + Data([UInt8(name.utf8.count), 0, 0, 0])
    return bytes([0x50, 0x4B, 3, 4]) + header + bytes([], name) + Data([0])
  }
}
