import Caffe
import Testing

@Suite struct `Split insertion` {
  @Test func `leaves a blob with one consumer alone`() throws {
    let net = try makeNet(inputText + double("a", "x", "y"))
    #expect(net.layers.map(\.name) == ["in", "a"])
    #expect(net.blobNames == ["x", "y"])
  }

  @Test func `gives each consumer a copy, in order, right behind the producer`() throws {
    let net = try makeNet(inputText + double("a", "x", "y") + double("b", "x", "z"))
    #expect(net.layers.map(\.name) == ["in", "x_in_0_split", "a", "b"])
    #expect(net.blobNames == ["x", "x_in_0_split_0", "x_in_0_split_1", "y", "z"])
    #expect(net.layer("a")?.definition.bottom == ["x_in_0_split_0"])
    #expect(net.layer("b")?.definition.bottom == ["x_in_0_split_1"])
    #expect(net.layer("x_in_0_split")?.type == "Split")
  }

  @Test func `gives a layer that takes a blob twice two copies`() throws {
    let net = try makeNet(inputText + #"layer { name: "a" type: "Add" bottom: "x" bottom: "x" top: "y" }"#)
    #expect(net.layer("a")?.definition.bottom == ["x_in_0_split_0", "x_in_0_split_1"])
  }

  @Test func `counts a layer in place as a new producer`() throws {
    let net = try makeNet(inputText + double("relu", "x", "x") + double("a", "x", "y") + double("b", "x", "z"))
    #expect(net.layers.map(\.name) == ["in", "relu", "x_relu_0_split", "a", "b"])
    #expect(net.layer("a")?.definition.bottom == ["x_relu_0_split_0"])
  }

  @Test func `names copies by the index of the top`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" top: "z" }"# + double("b", "z", "u")
        + double("c", "z", "v"))
    #expect(net.blobNames.contains("z_a_1_split_1"))
  }

  @Test func `moves the loss weight of a consumed blob to the first copy`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" loss_weight: 3 }"# + double("b", "y", "z"))
    #expect(net.layer("a")?.lossWeights == [0])
    #expect(net.layer("y_a_0_split")?.lossWeights == [3, 0])
    #expect(net.layer("b")?.definition.bottom == ["y_a_0_split_1"])
    #expect(net.outputs.map { net.blobNames[$0] } == ["y_a_0_split_0", "z"])
  }

  @Test func `that moves one weight clears the others of that layer too`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" top: "z" loss_weight: 3 loss_weight: 5 }"#
        + double("b", "y", "u"))
    #expect(net.layer("a")?.lossWeights == [0, 0])
    #expect(net.layer("y_a_0_split")?.lossWeights == [3, 0])
  }

  @Test func `lets a loss whose written weight moved fall back to 1`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "l" type: "SumLoss" bottom: "x" top: "loss" loss_weight: 2 }"#
        + double("b", "loss", "z"))
    #expect(net.layer("l")?.lossWeights == [1])
    #expect(net.layer("loss_l_0_split")?.lossWeights == [2, 0])
    // The loss is counted twice: 1 · 6 + 2 · 6.
    net.blob("x")?.array = [1, 1, 1, 1, 1, 1]
    #expect(try net.forward() == 18)
  }

  @Test func `does not know of a default loss weight`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "l" type: "SumLoss" bottom: "x" top: "loss" }"# + double("b", "loss", "z"))
    #expect(net.layers.map(\.name) == ["in", "l", "b"])
    #expect(net.layer("l")?.lossWeights == [1])
  }

  @Test func `refuses a bottom that nobody produced`() throws {
    let text = try #require(complaint(about: inputText + double("a", "xx", "y")))
    #expect(text.contains("Unknown bottom blob 'xx' (layer 'a', bottom index 0)"))
    #expect(text.contains("test.prototxt:2:"))
  }

  @Test func `refuses a bottom that is produced further on`() throws {
    let text = try #require(complaint(about: inputText + double("a", "later", "y") + double("b", "x", "later")))
    #expect(text.contains("Unknown bottom blob 'later' (layer 'a', bottom index 0)"))
    #expect(text.contains("layer 'b' makes it, but stands behind 'a': put it before"))
  }

  @Test(arguments: [
    ("include { phase: TEST }", "its include rule asks for the phase TEST, and this is TRAIN"),
    ("exclude { phase: TRAIN }", "its rule exclude { phase: TRAIN } applies"),
    ("include { min_level: 2 }", "its include rule asks for a level of 2 or more, and this is 0"),
    ("include { max_level: -1 }", "its include rule asks for a level of -1 or less, and this is 0"),
    ("include { stage: 'deploy' }", "its include rule asks for the stage 'deploy'"),
    (
      "include { phase: TEST } include { stage: 'a' }",
      "its include rule asks for the phase TEST, and this is TRAIN, or another one for the stage 'a'"
    ),
  ])
  func `says which rule leaves the producer of a bottom out`(rule: String, reason: String) throws {
    let producer = "layer { name: \"p\" type: \"Double\" bottom: \"x\" top: \"made\" \(rule) }\n"
    let text = try #require(complaint(about: inputText + producer + double("a", "made", "y")))
    #expect(text.contains("Unknown bottom blob 'made' (layer 'a', bottom index 0)"))
    #expect(text.contains("layer 'p' (test.prototxt:2:1) makes it, but is left out of this net: \(reason)"))
  }

  private func double(_ name: String, _ bottom: String, _ top: String) -> String {
    "layer { name: \"\(name)\" type: \"Double\" bottom: \"\(bottom)\" top: \"\(top)\" }\n"
  }
}
