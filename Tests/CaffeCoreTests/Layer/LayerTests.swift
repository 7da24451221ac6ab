import Caffe
import Testing

@Suite struct `The number of blobs of a layer` {
  @Test(arguments: [
    (#"type: "Weigh" bottom: "x" bottom: "x" top: "y""#, "Weigh Layer takes 1 bottom blob(s) as input."),
    (#"type: "Add" bottom: "x" top: "y""#, "Add Layer takes at least 2 bottom blob(s) as input."),
    (
      #"type: "SumLoss" bottom: "x" bottom: "x" bottom: "x" top: "y""#,
      "SumLoss Layer takes at most 2 bottom blob(s) as input."
    ),
    (#"type: "Weigh" bottom: "x" top: "y" top: "z""#, "Weigh Layer produces 1 top blob(s) as output."),
    (#"type: "Double" bottom: "x""#, "Double Layer produces at least 1 top blob(s) as output."),
    (
      #"type: "Double" bottom: "x" top: "y" top: "z" top: "u""#,
      "Double Layer produces at most 2 top blob(s) as output."
    ),
  ])
  func `is refused in the words that users know`(layer: String, message: String) throws {
    let text = try #require(complaint(about: inputText + "layer { name: \"a\" \(layer) }"))
    #expect(text.contains("layer 'a'"))
    #expect(text.contains(message))
  }

  @Test func `has a least that is enough`() {
    #expect(BlobCount.exactly(2).least == 2)
    #expect(BlobCount.atLeast(1).least == 1)
    #expect(BlobCount.between(0, 3).least == 0)
  }
}

@Suite struct `A learned blob` {
  private let weigh = """
    layer { name: "w" type: "Weigh" bottom: "x" top: "y" inner_product_param { weight_filler { type: "uniform" } } BLOBS }

    """

  @Test func `is filled the same for the same seed and otherwise for another`() throws {
    let text = inputText + weigh.replacing("BLOBS", with: "")
    let first = try makeNet(text, seed: 5).parameters[0].blob.array
    #expect(try makeNet(text, seed: 5).parameters[0].blob.array == first)
    #expect(try makeNet(text, seed: 6).parameters[0].blob.array != first)
  }

  @Test func `is filled otherwise in each layer`() throws {
    let text = inputText + weigh.replacing("BLOBS", with: "")
    let net = try makeNet(
      text
        + text.replacing("\"in\"", with: "\"in2\"").replacing("\"w\"", with: "\"w2\"")
        .replacing("\"x\"", with: "\"x2\"").replacing("\"y\"", with: "\"y2\""))
    #expect(net.parameters[0].blob.array != net.parameters[1].blob.array)
  }

  @Test func `comes from the definition if that carries it`() throws {
    let net = try makeNet(
      inputText + weigh.replacing("BLOBS", with: "blobs { shape { dim: 3 } data: 1 data: 2 data: 3 }"))
    #expect(net.parameters[0].blob.array == [1, 2, 3])
  }

  @Test func `comes from a carried blob of four old dimensions`() throws {
    let blobs = "blobs { num: 1 channels: 1 height: 1 width: 3 data: 1 data: 2 data: 3 }"
    #expect(try makeNet(inputText + weigh.replacing("BLOBS", with: blobs)).parameters[0].blob.array == [1, 2, 3])
  }

  @Test func `of another shape than the definition carries is refused`() throws {
    let blobs = "blobs { shape { dim: 2 } data: 1 data: 2 }"
    let text = try #require(complaint(about: inputText + weigh.replacing("BLOBS", with: blobs)))
    #expect(text.contains("Incorrect weight shape: expected shape 3 (3); instead, shape was 2 (2)"))
  }
}
