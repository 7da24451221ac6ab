import Caffe
import Foundation
import Testing

@Suite struct `The LSTM layer` {
  private func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }

  @Test(arguments: [0, 0.5, 1] as [Float], EngineChoice.allCases)
  func `computes gates, cells and hidden states step by step`(cont: Float, engine: EngineChoice) throws {
    let small = try SmallNet(
      ["x": [2, 1, 1], "cont": [2, 1], "s": [1, 1]],
      #"name: "lstm" type: "LSTM" top: "h" recurrent_param { num_output: 1 }"#, engine: engine)
    try small.feed("x", [0.5, -1])
    try small.feed("cont", [0, cont])
    try small.feed("s", [2])
    let weights: [[Float]] = [
      [0.1, 0.2, 0.3, 0.4], [0.5, -0.1, 0.2, -0.3], [0.2, 0.1, -0.2, 0.3], [0.6, -0.5, 0.4, 0.9],
    ]
    for (parameter, weights) in zip(small.net.parameters, weights) {
      _ = parameter.blob.data.uninitializedValues.update(from: weights)
    }
    try small.net.forward()

    var (c, h) = (Float(0), Float(0))
    var expected: [Float] = []
    for (x, cont) in [(0.5, 0), (-1, cont)] as [(Float, Float)] {
      let a = (0..<4).map { weights[0][$0] * x + weights[1][$0] + weights[2][$0] * 2 + weights[3][$0] * cont * h }
      c = cont * sigmoid(a[1]) * c + sigmoid(a[0]) * tanh(a[3])
      h = sigmoid(a[2]) * tanh(c)
      expected.append(h)
    }
    #expect(areClose(try small.values("h"), expected))
  }
}
