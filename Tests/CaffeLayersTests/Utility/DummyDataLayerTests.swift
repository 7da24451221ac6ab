import Caffe
import CaffeTesting
import Testing

@Suite struct `The DummyData layer` {
  private func net(_ parameter: String, tops: String = #"top: "a" top: "b""#) throws -> Net {
    let text = #"layer { name: "d" type: "DummyData" \#(tops) dummy_data_param { \#(parameter) } }"#
    return try Net(
      NetDefinition(text: text, file: "net.prototxt"), phase: .test, in: NetEnvironment(registry: .standard, seed: 7))
  }

  private func values(_ net: Net) -> [[Float]] { net.blobs.map { Array($0.data.values) } }

  @Test func `keeps constants and draws the rest in every pass`() throws {
    let net = try net(#"shape { dim: 3 } data_filler { value: 4 } data_filler { type: "uniform" }"#)
    let first = values(net)
    #expect(first[0] == [4, 4, 4])
    #expect(Set(first[1]).count == 3)
    net.blobs[0].data.mutableValues[0] = 9
    try net.forward()
    try net.forward()
    let later = values(net)
    #expect(later[0] == [9, 4, 4])
    #expect(later[1] != first[1])
  }

  @Test func `draws the same again after a restoration`() throws {
    let net = try net(#"shape { dim: 3 } data_filler { type: "gaussian" }"#)
    let layer = try #require(net.layers[0].layer as? DummyDataLayer)
    try net.forward()
    let position = layer.position
    try net.forward()
    let second = values(net)
    layer.restore(seed: layer.seed, position: position)
    try net.forward()
    #expect(values(net) == second)
  }

  @Test func `reads the older form of shapes`() throws {
    let net = try net("num: 2 num: 3 channels: 1 height: 4 width: 5")
    #expect(net.blobs.map(\.shape) == [[2, 1, 4, 5], [3, 1, 4, 5]])
    #expect(values(net)[0].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [
    ("", "Must specify 'shape' once, or once per top blob (2); specified 0."),
    ("shape { dim: 1 } num: 1", "Both shape and legacy fields were specified"),
    ("num: 1 channels: 1 height: 1", "Must specify 'width' once, or once per top blob (2); specified 0."),
    (
      "shape { dim: 1 } data_filler { } data_filler { } data_filler { }",
      "equal to the number of tops: 2; you specified 3"
    ),
    ("shape { dim: 1 } data_filler { type: 'odd' }", "Unknown filler name: odd"),
    ("shape { dim: 4000000000 }", "INT_MAX"),
  ])
  func `refuses what makes no sense`(parameter: String, message: String) {
    let text = refusal { _ = try net(parameter) }
    #expect(text.contains(message), "\(text)")
  }
}
