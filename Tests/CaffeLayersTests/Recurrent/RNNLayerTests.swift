import Caffe
import Foundation
import Testing

@Suite struct `The RNN layer` {
  @Test(arguments: [0, 0.5, 1] as [Float], EngineChoice.allCases)
  func `computes hidden states and outputs step by step`(cont: Float, engine: EngineChoice) throws {
    let small = try SmallNet(
      ["x": [2, 1, 1], "cont": [2, 1], "s": [1, 1]],
      #"name: "rnn" type: "RNN" top: "o" recurrent_param { num_output: 1 }"#, engine: engine)
    try small.feed("x", [0.5, -1])
    try small.feed("cont", [0, cont])
    try small.feed("s", [2])
    let weights: [Float] = [0.1, 0.5, 0.2, 0.6, 1.5, 0.1]
    for (parameter, weight) in zip(small.net.parameters, weights) {
      parameter.blob.data.uninitializedValues[0] = weight
    }
    try small.net.forward()

    let first: Float = tanh(0.1 * 0.5 + 0.5 + 0.2 * 2)
    let second: Float = tanh(0.1 * -1 + 0.5 + 0.2 * 2 + 0.6 * cont * first)
    #expect(areClose(try small.values("o"), [tanh(1.5 * first + 0.1), tanh(1.5 * second + 0.1)]))
  }
}
