import Caffe
import CaffeTesting
import Testing

@Suite struct `Building a net` {
  @Test func `names inputs in order and outputs in byte order`() throws {
    let net = try makeNet(
      #"layer { name: "in" type: "Input" top: "b" top: "a" input_param { shape { dim: 2 dim: 3 } } }"#
        + #"layer { name: "d1" type: "Double" bottom: "b" top: "z" }"#
        + #"layer { name: "d2" type: "Double" bottom: "a" top: "Z" }"#)
    #expect(net.inputs.map { net.blobNames[$0] } == ["b", "a"])
    #expect(net.outputs.map { net.blobNames[$0] } == ["Z", "z"])
  }

  @Test func `gives each layer the phase of the net unless it has one`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" }"#
        + #"layer { name: "b" type: "Double" bottom: "y" top: "z" phase: TRAIN }"#, phase: .test)
    #expect(net.layer("a")?.definition.phase == .test)
    #expect(net.layer("b")?.definition.phase == .train)
  }

  @Test func `makes the top of a loss that names none`() throws {
    let net = try makeNet(inputText + #"layer { name: "l" type: "SumLoss" bottom: "x" }"#)
    #expect(net.blobNames == ["x", "(automatic)"])
    #expect(net.layer("l")?.lossWeights == [1])
  }

  @Test func `refuses two producers of one blob`() throws {
    let text = try #require(
      complaint(about: inputText + inputText.replacing("\"in\"", with: "\"in2\"")))
    #expect(text.contains("test.prototxt:2:1: error: layer 'in2' (Input): Top blob 'x' produced by multiple sources."))
  }

  @Test func `refuses loss weights for some tops only`() throws {
    let text = try #require(
      complaint(about: inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" top: "z" loss_weight: 1 }"#))
    #expect(text.contains("loss_weight must be unspecified or specified once per top blob."))
  }

  @Test func `says where a layer that cannot be set up stands, and what it was given`() throws {
    let text = try #require(
      complaint(
        about: inputText
          + #"layer { name: "w" type: "Weigh" bottom: "x" top: "y" BLOBS }"#
          .replacing("BLOBS", with: "blobs { shape { dim: 4 } }")))
    #expect(text.hasPrefix("test.prototxt:2:1: error: layer 'w' (Weigh): Incorrect weight shape"))
    #expect(text.contains("bottom[0]: 2 3 (6)"))
  }

  @Test func `writes the lines that scripts read`() throws {
    let log = KeptLog()
    _ = try makeNet(
      inputText + #"layer { name: "d" type: "Double" bottom: "x" top: "x" }"#
        + #"layer { name: "l" type: "SumLoss" bottom: "x" top: "loss" loss_weight: 2 }"#, log: log)
    let lines = log.lines.filter { !$0.contains("backward computation") && !$0.hasPrefix("Initializing net") }
    #expect(
      lines == [
        "Creating layer in", "Creating Layer in", "in -> x", "Setting up in", "Top shape: 2 3 (6)",
        "Memory required for data: 24",
        "Creating layer d", "Creating Layer d", "d <- x", "d -> x (in-place)", "Setting up d", "Top shape: 2 3 (6)",
        "Memory required for data: 48",
        "Creating layer l", "Creating Layer l", "l <- x", "l -> loss", "Setting up l", "Top shape: (1)",
        "    with loss weight 2", "Memory required for data: 52",
        "This network produces output loss", "Network initialization done.",
      ])
  }
}
