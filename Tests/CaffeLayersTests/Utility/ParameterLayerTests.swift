import Caffe
import CaffeTesting
import Testing

@Suite struct `The Parameter layer` {
  @Test func `is learned through its top, and gradients add up`() throws {
    let text = #"""
      layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 2 } } }
      layer { name: "x" type: "Power" bottom: "p" top: "y" loss_weight: 3 }
      """#
    let net = try Net(
      NetDefinition(text: text, file: "net.prototxt"), phase: .train, in: NetEnvironment(registry: .standard))
    let parameter = net.learnableParameters[0].blob
    parameter.data.mutableValues[1] = 5
    for _ in 0..<2 {
      try net.forward()
      try net.backward()
    }
    #expect(net.blob("y").map { Array($0.data.values) } == [0, 5])
    #expect(Array(parameter.diff.values) == [6, 6])
  }
}
