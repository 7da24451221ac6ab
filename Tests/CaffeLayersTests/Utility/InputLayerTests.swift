import Caffe
import CaffeTesting
import Testing

@Suite struct `The Input layer` {
  private func net(_ parameter: String) throws -> Net {
    let text = #"layer { name: "in" type: "Input" top: "a" top: "b" input_param { \#(parameter) } }"#
    return try Net(
      NetDefinition(text: text, file: "net.prototxt"), phase: .test, in: NetEnvironment(registry: .standard))
  }

  @Test func `takes one shape for all tops, one for each, or none`() throws {
    #expect(try net("shape { dim: 2 }").blobs.map(\.shape) == [[2], [2]])
    #expect(try net("shape { dim: 2 } shape { dim: 3 dim: 4 }").blobs.map(\.shape) == [[2], [3, 4]])
    #expect(try net("").inputs == [0, 1])
  }

  @Test func `leaves the shape that a program gave its top`() throws {
    let net = try net("shape { dim: 2 }")
    net.blobs[0].reshape(to: [5, 5])
    try net.forward()
    #expect(net.blobs[0].shape == [5, 5])
  }

  @Test(arguments: [
    ("shape { dim: 1 } shape { dim: 1 } shape { dim: 1 }", "2 tops vs. 3 shapes."), ("shape { dim: -1 }", "at least 0"),
    ("shape { dim: 65536 dim: 65536 }", "INT_MAX"),
  ])
  func `refuses shapes that make no sense`(parameter: String, message: String) {
    let text = refusal { _ = try net(parameter) }
    #expect(text.contains(message), "\(text)")
  }
}
