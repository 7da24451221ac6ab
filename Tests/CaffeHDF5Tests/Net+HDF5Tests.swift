import CaffeCore
import CaffeHDF5
import CaffeProto
import Testing

@Suite struct `Weights in HDF5` {
  private let folder: TemporaryFolder
  private var path: String { folder.file("net.caffemodel.h5") }

  init() throws { folder = try TemporaryFolder() }

  @Test func `load into a net of the same layers`() throws {
    let source = try net("conv/1x1", "ip")
    source.fill()
    try source.writeHDF5(to: path)
    let target = try net("ip", "conv/1x1", "other")
    let report = try target.copyWeights(fromHDF5: path)
    #expect(report.loaded == ["ip", "conv/1x1"])
    #expect(report.ignored == [])
    #expect(report.kept == ["other"])
    for name in ["conv/1x1", "ip"] {
      #expect(target.values(name, 0) == source.values(name, 0))
      #expect(target.values(name, 1) == source.values(name, 1))
    }
    #expect(target.values("other", 0).allSatisfy { $0 == 0 })
  }

  @Test func `leave out layers that the net does not have`() throws {
    try net("a", "b/c", "d").writeHDF5(to: path)
    #expect(try net("a", "b/e").copyWeights(fromHDF5: path).ignored == ["b/c", "d"])
  }

  private static let oddNames = [
    "/model.0/conv/Conv", "./x", "x", "a//b", "a/b", "..", "../y", ".", "/", "//", "", "c", "c/0", "c/1", "c/0/0",
    "c/%0", "0",
    "%", "%x", "a/%", "a/", "with space", " ", "a.b.c", "größe/层/🦆", "tab\tand\nline", #"back\slash"#, "a/./b",
    "a/../b",
    String(repeating: "n", count: 300), String(repeating: "long/", count: 100) + "é",
  ]

  @Test func `come back under every name, however odd`() throws {
    let source = try net(Self.oddNames)
    source.fill()
    try source.writeHDF5(to: path, withDiff: true)
    let target = try net(Self.oddNames)
    let report = try target.copyWeights(fromHDF5: path, isComplete: true)
    #expect(report.loaded == Self.oddNames)
    #expect(report.kept.isEmpty && report.ignored.isEmpty && report.unused.isEmpty)
    for name in Self.oddNames { #expect(target.values(name, 0) == source.values(name, 0), "\(name)") }
    // A net of none of these layers sees each of them under its own name.
    #expect(try Set(net(["other"]).copyWeights(fromHDF5: path).unused) == Set(Self.oddNames))
  }

  @Test(arguments: oddNames)
  func `are not taken for those of another layer`(name: String) throws {
    try net([name]).writeHDF5(to: path)
    let others = Self.oddNames.filter { $0 != name }
    #expect(try net(others).copyWeights(fromHDF5: path).loaded == [])
  }

  @Test func `of layers that bear one name come back in their order`() throws {
    let source = try net(["twin", "twin", "twin/%#2", ""] + [""])
    source.fill()
    try source.writeHDF5(to: path)
    let target = try net(["twin", "twin", "twin/%#2", ""] + [""])
    #expect(try target.copyWeights(fromHDF5: path, isComplete: true).loaded.count == 5)
    for (index, parameter) in target.parameters.enumerated() {
      #expect(Array(parameter.blob.data.values) == Array(source.parameters[index].blob.data.values))
    }
  }

  @Test func `of ordinary names lie where Caffe looks for them`() throws {
    try net("conv1", "conv1/bn", "a.b c").writeHDF5(to: path)
    let data = try HDF5File(reading: path).root.group("data")
    #expect(try data.names() == ["a.b c", "conv1"])
    #expect(try data.group("conv1").names() == ["0", "1", "bn"])
    #expect(try data.group("conv1/bn").names() == ["0", "1"])
  }

  @Test(arguments: [("c/0", "data/c/0"), ("/model.0/Conv", "model.0/Conv"), ("./x", "data/x"), ("a//b", "data/a/b")])
  func `are found where the name was taken as a path`(name: String, place: String) throws {
    let file = try HDF5File(creating: path)
    try file.root.write((0..<6).map { Float($0) }, shape: [2, 3], to: "\(place)/0")
    try file.root.write([7, 8, 9] as [Float], shape: [3], to: "\(place)/1")
    if !place.hasPrefix("data") { try file.root.createGroup("data") }
    try file.flush()
    let target = try net([name])
    #expect(try target.copyWeights(fromHDF5: path, isComplete: true).loaded == [name])
    #expect(target.values(name, 1) == [7, 8, 9])
  }

  @Test func `must be complete where that is asked for, and nothing is loaded if they are not`() throws {
    let source = try net("a")
    source.fill()
    try source.writeHDF5(to: path)
    let target = try net("a", "b")
    let text = message { try target.copyWeights(fromHDF5: path, isComplete: true) }
    #expect(text.contains("layer 'b' (TwoBlobs): the weight file has nothing for layer 'b'"))
    #expect(target.values("a", 0).allSatisfy { $0 == 0 })
  }

  @Test func `are told from the state of a solver and from files of Keras`() throws {
    let file = try HDF5File(creating: path)
    try file.root.write([1] as [Int32], shape: [1], to: "iter")
    try file.root.createGroup("history")
    try file.flush()
    #expect(message { try net("a").copyWeights(fromHDF5: path) }.contains("it is the state of a solver"))
    let other = folder.file("keras.h5")
    let keras = try HDF5File(creating: other)
    try keras.root.setAttribute("keras_version", to: "2")
    try keras.flush()
    #expect(message { try net("a").copyWeights(fromHDF5: other) }.contains("it is a model of Keras"))
  }

  @Test func `take gradients along when asked`() throws {
    let source = try net("ip")
    source.layers[0].layer.parameters[0].diff.mutableValues[4] = 3
    try source.writeHDF5(to: path, withDiff: true)
    let target = try net("ip")
    try target.copyWeights(fromHDF5: path)
    #expect(target.layers[0].layer.parameters[0].diff.values[4] == 3)
  }

  @Test func `store a shared blob with its owner alone`() throws {
    let source = try net("owner", "user", shared: ["owner", "user"])
    source.fill()
    try source.writeHDF5(to: path)
    let data = try HDF5File(reading: path).root.group("data")
    #expect(try data.group("owner").names() == ["0", "1"])
    #expect(try data.group("user").names() == ["1"])
    let target = try net("owner", "user", shared: ["owner", "user"])
    try target.copyWeights(fromHDF5: path)
    #expect(target.values("user", 0) == source.values("owner", 0))
    #expect(
      message { try net("owner", "user").copyWeights(fromHDF5: path) }.contains(
        "Incompatible number of blobs for layer user"))
  }

  @Test func `that Caffe stored are found by name`() throws {
    let report = try net("x").copyWeights(fromHDF5: fixture("SGD_fixed_iter_10.caffemodel.h5"))
    #expect(report.ignored == ["loss", "target", "w"])
    #expect(report.kept == ["x"])
  }

  @Test func `must have the shapes of the net`() throws {
    try net("ip").writeHDF5(to: path)
    let text = message { try net("ip", rows: 4).copyWeights(fromHDF5: path) }
    #expect(text.contains("layer 'ip' (TwoBlobs): Cannot copy param 0 weights from layer 'ip'; shape mismatch."))
    #expect(text.contains("Source param shape is 2 3 (6); target param shape is 4 3 (12)."))
  }

  @Test func `must be as many as the net has`() throws {
    let file = try HDF5File(creating: path)
    for index in 0..<3 { try file.root.write([0] as [Float], shape: [1], to: "data/ip/\(index)") }
    try file.flush()
    #expect(message { try net("ip").copyWeights(fromHDF5: path) }.contains("Incompatible number of blobs for layer ip"))
  }

  @Test func `are not looked for in other HDF5 files`() throws {
    #expect(
      message { try net("ip").copyWeights(fromHDF5: fixture("oddities.h5")) }.contains("it has no group \"data\""))
  }

  /// A net of layers with two learned blobs each; `shared` layers use one weight.
  private func net(_ layers: String..., rows: Int = 2, shared: [String] = []) throws -> Net {
    try net(layers, rows: rows, shared: shared)
  }

  private func net(_ layers: [String], rows: Int = 2, shared: [String] = []) throws -> Net {
    let parameter = NetParameter.with { net in
      net.layer = layers.enumerated().map { index, name in
        .with {
          $0.name = name
          $0.type = "TwoBlobs"
          $0.top = ["top\(index)"]
          $0.innerProductParam.numOutput = UInt32(rows)
          if shared.contains(name) { $0.param = [.with { $0.name = "w" }] }
        }
      }
    }
    let environment = NetEnvironment(registry: LayerRegistry([TwoBlobsLayer.self]))
    return try Net(NetDefinition(parameter), phase: .train, in: environment)
  }
}

extension Net {
  fileprivate func fill() {
    for (index, parameter) in learnableParameters.enumerated() {
      let values = parameter.blob.data.mutableValues
      for i in values.indices { values[i] = Float(100 * index + i) }
    }
  }

  fileprivate func values(_ layer: String, _ index: Int) -> [Float] {
    self.layer(layer).map { Array($0.layer.parameters[index].data.values) } ?? []
  }
}

/// A layer with a weight of `num_output` × 3 and a bias of 3.
private final class TwoBlobsLayer: Layer {
  static let type = "TwoBlobs"
  static var bottomCount: BlobCount { .exactly(0) }
  let parameters: [Blob]

  init(_ definition: LayerDefinition, in context: LayerContext) {
    parameters = [Blob([Int(definition.innerProductParam.numOutput), 3]), Blob([3])]
  }

  func reshape(_ bottom: [Blob], _ top: [Blob]) { top[0].reshape(to: [1]) }
  func forward(_ bottom: [Blob], _ top: [Blob]) {}
  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
}
