import Caffe
import CaffeTesting
import Testing

@Suite struct `Parameters of one name` {
  private func weigh(_ name: String, _ bottom: String, _ top: String, _ param: String) -> String {
    "layer { name: \"\(name)\" type: \"Weigh\" bottom: \"\(bottom)\" top: \"\(top)\" param { \(param) } }\n"
  }

  private func parameter(_ name: String, _ dimensions: String, _ param: String) -> String {
    """
    layer { name: "\(name)" type: "Parameter" top: "\(name)" param { \(param) } parameter_param { shape { \(dimensions) } } }

    """
  }

  private let loss = #"layer { name: "l" type: "SumLoss" bottom: "z" top: "loss" }"#

  @Test func `live in one memory, values and gradients`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y", #"name: "w""#) + weigh("b", "y", "z", #"name: "w""#) + loss)
    #expect(net.parameters.map(\.displayName) == ["w", "w"])
    #expect(net.parameters.map(\.isShared) == [false, true])
    #expect(net.parameters.map(\.learnable) == [0, 0])
    #expect(net.learnableParameters.count == 1)
    #expect(net.parameters[0].blob.data === net.parameters[1].blob.data)
    #expect(net.parameters[0].blob.diff === net.parameters[1].blob.diff)

    // z = w² x, so that dL/dw = 2 w Σ x over the batch.
    net.parameters[0].blob.array = [1, 2, 3]
    net.blob("x")?.array = [1, 1, 1, 1, 1, 1]
    #expect(try net.forward() == 28)
    try net.backward()
    #expect(net.parameters[0].blob.diffArray == [4, 8, 12])
  }

  @Test func `of no name stay apart and are called by their index`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y", "") + weigh("b", "y", "z", ""))
    #expect(net.parameters.map(\.displayName) == ["0", "0"])
    #expect(net.learnableParameters.count == 2)
  }

  @Test func `take the factors that either of them names`() throws {
    let net = try makeNet(
      inputText + weigh("a", "x", "y", #"name: "w" decay_mult: 3"#) + weigh("b", "y", "z", #"name: "w" lr_mult: 2"#))
    #expect(net.learnableParameters[0].learningRateMultiplier == 2)
    #expect(net.learnableParameters[0].decayMultiplier == 3)
  }

  @Test func `have factors of 1 when nobody names them`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y", ""))
    #expect(net.learnableParameters[0].learningRateMultiplier == 1)
    #expect(net.learnableParameters[0].decayMultiplier == 1)
  }

  @Test(arguments: ["lr_mult", "decay_mult"]) func `must agree on their factors`(factor: String) throws {
    let text = try #require(
      complaint(
        about: inputText + weigh("a", "x", "y", "name: \"w\" \(factor): 1")
          + weigh("b", "y", "z", "name: \"w\" \(factor): 2")))
    #expect(text.contains("layer 'b'"))
    #expect(text.contains("Shared param 'w' has mismatched \(factor)."))
  }

  @Test func `must have one shape`() throws {
    let text = try #require(
      complaint(about: parameter("a", "dim: 2 dim: 3", #"name: "w""#) + parameter("b", "dim: 6", #"name: "w""#)))
    #expect(
      text.contains(
        """
        Cannot share param 'w' owned by layer 'a' with layer 'b'; shape mismatch.  Owner layer param shape is 2 3 (6); \
        sharing layer expects shape 6 (6)
        """))
  }

  @Test func `need only one count when the sharer is permissive`() throws {
    let net = try makeNet(
      parameter("a", "dim: 2 dim: 3", #"name: "w""#) + parameter("b", "dim: 6", #"name: "w" share_mode: PERMISSIVE"#))
    #expect(net.parameters[1].blob.shape == [6])
    #expect(net.parameters[0].blob.data === net.parameters[1].blob.data)
  }

  @Test func `must have one count even so`() throws {
    let text = try #require(
      complaint(
        about: parameter("a", "dim: 2 dim: 3", #"name: "w""#)
          + parameter("b", "dim: 5", #"name: "w" share_mode: PERMISSIVE"#)))
    #expect(text.contains("count mismatch.  Owner layer param shape is 2 3 (6); sharing layer shape is 5 (5)"))
  }

  @Test func `cannot be more than the layer has`() throws {
    let text = try #require(
      complaint(about: inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" param { lr_mult: 1 } }"#))
    #expect(text.contains("Too many params specified for layer a"))
  }

  @Test func `are told to the log`() throws {
    let log = KeptLog()
    _ = try makeNet(inputText + weigh("a", "x", "y", #"name: "w""#) + weigh("b", "y", "z", #"name: "w""#), log: log)
    #expect(log.lines.contains("Sharing parameters 'w' owned by layer 'a', param index 0"))
  }
}
