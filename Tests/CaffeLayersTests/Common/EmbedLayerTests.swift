import Caffe
import Testing

@Suite struct `The Embed layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    let fillers = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"
    return #"name: "embed" type: "Embed" top: "\#(top)" embed_param { \#(parameter) \#(fillers) }"#
  }

  private func small(_ values: [Float], fields: String = "") throws -> SmallNet {
    let small = try SmallNet(["x": [values.count]], layer("num_output: 2 input_dim: 3"), fields: fields)
    try small.feed("x", values)
    return small
  }

  @Test func `looks up rows of the weights and adds the bias`() throws {
    let small = try small([2, 0, 2.9])
    let parameters = try #require(small.net.layers.last?.layer.parameters)
    _ = parameters[0].data.uninitializedValues.update(from: [1, 2, 3, 4, 5, 6])
    _ = parameters[1].data.uninitializedValues.update(from: [10, 20])
    try small.net.forward()
    #expect(try small.blob("y").shape == [3, 2])
    #expect(try small.values("y") == [15, 26, 11, 22, 15, 26])
  }

  @Test func `makes an empty top from an empty bottom`() throws {
    let small = try small([])
    try small.net.forward()
    #expect(try small.blob("y").shape == [0, 2])
  }

  @Test(arguments: [-1, 3, 1e20, .nan, .infinity] as [Float])
  func `names an input out of range`(value: Float) throws {
    let small = try small([0, value])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("at index 1 is out of range") && text.contains("0 to 2"), "\(text)")
  }

  @Test(
    arguments: zip(
      ["input_dim: 2", "num_output: 2"],
      ["EmbedLayer num_output must be positive.", "EmbedLayer input_dim must be positive."]))
  func `needs both extents of its weights`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [1]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `refuses weights of another shape`() {
    let blobs = " blobs { shape { dim: 2 dim: 3 } }"
    let text = refusal { _ = try SmallNet(["x": [1]], layer("num_output: 2 input_dim: 3") + blobs) }
    #expect(text.contains("Incorrect weight shape: expected shape 3 2 (6)"), "\(text)")
  }

  @Test func `has no gradient for its input`() throws {
    let small = try small([0], fields: "force_backward: true")
    try small.net.forward()
    #expect(refusal { try small.net.backward() }.contains("Can't backpropagate to EmbedLayer input."))
  }
}
