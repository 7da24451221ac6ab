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
    #expect(try net("a", "b/e").copyWeights(fromHDF5: path).ignored == ["d"])
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
    let text = layers.map { name in
      """
      layer {
        name: "\(name)" type: "TwoBlobs" top: "\(name)" inner_product_param { num_output: \(rows) }
        \(shared.contains(name) ? "param { name: \"w\" }" : "")
      }
      """
    }
    let environment = NetEnvironment(registry: LayerRegistry([TwoBlobsLayer.self]))
    return try Net(
      NetDefinition(text: text.joined(separator: "\n"), file: "net.prototxt"), phase: .train, in: environment)
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
