import Caffe
import CaffeTesting
import Testing

@Suite struct `Loading weights` {
  private let net =
    inputText + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" }"#
    + #"layer { name: "b" type: "Weigh" bottom: "y" top: "z" }"#

  private func stored(_ text: String) throws -> NetParameter { try NetDefinition(text: text, file: "stored").parameter }

  @Test func `goes by the names of layers and reports on all`() throws {
    let net = try makeNet(net)
    let report = try net.copyWeights(
      from: stored(
        """
        layer { name: "old" blobs { shape { dim: 7 } } }
        layer { name: "b" blobs { shape { dim: 3 } data: 1 data: 2 data: 3 diff: 4 diff: 5 diff: 6 } }
        layer { name: "in" }
        """))
    #expect(net.layer("b")?.layer.parameters[0].array == [1, 2, 3])
    #expect(net.layer("b")?.layer.parameters[0].diffArray == [4, 5, 6])
    #expect(report.loaded == ["b"])
    #expect(report.ignored == ["old"])
    #expect(report.kept == ["a"])
  }

  @Test func `says which layers it ignores`() throws {
    let log = KeptLog()
    try makeNet(net, log: log).copyWeights(from: stored(#"layer { name: "old" }"#))
    #expect(log.lines.contains("Ignoring source layer old"))
  }

  @Test func `takes four old dimensions, aligned at the end`() throws {
    let net = try makeNet(net)
    try net.copyWeights(
      from: stored(
        #"layer { name: "a" blobs { num: 1 channels: 1 height: 1 width: 3 data: 1 data: 2 data: 3 } }"#))
    #expect(net.layer("a")?.layer.parameters[0].array == [1, 2, 3])
  }

  @Test func `refuses another number of blobs`() throws {
    let net = try makeNet(net)
    let error = #expect(throws: NetError.self) { try net.copyWeights(from: stored(#"layer { name: "a" }"#)) }
    #expect(error?.problem == "Incompatible number of blobs for layer a")
    #expect(error?.remedy?.contains("the file has 0, the net has 1") == true)
  }

  @Test func `tells layers of one name apart by their order`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" }"#
        + #"layer { name: "a" type: "Weigh" bottom: "y" top: "z" }"#)
    try net.copyWeights(
      from: stored(
        """
        layer { name: "a" blobs { shape { dim: 3 } data: 1 data: 1 data: 1 } }
        layer { name: "a" blobs { shape { dim: 3 } data: 2 data: 2 data: 2 } }
        """))
    #expect(net.parameters.map(\.blob.array) == [[1, 1, 1], [2, 2, 2]])
  }

  @Test func `loads nothing of a file that does not fit or is not complete`() throws {
    let net = try makeNet(net)
    let before = net.parameters.map(\.blob.array)
    let good = #"layer { name: "a" blobs { shape { dim: 3 } data: [1, 2, 3] } }"#
    #expect(throws: NetError.self) {
      try net.copyWeights(from: stored(good + #"layer { name: "b" blobs { shape { dim: 7 } } }"#))
    }
    let error = #expect(throws: NetError.self) { try net.copyWeights(from: stored(good), isComplete: true) }
    #expect(error?.problem == "the weight file has nothing for layer 'b'")
    #expect(net.parameters.map(\.blob.array) == before)
  }

  @Test func `refuses another shape in the words that users know`() throws {
    let net = try makeNet(net)
    let error = #expect(throws: NetError.self) {
      try net.copyWeights(from: stored(#"layer { name: "a" blobs { shape { dim: 1 dim: 3 } data: [1, 2, 3] } }"#))
    }
    #expect(
      error?.problem == """
        Cannot copy param 0 weights from layer 'a'; shape mismatch.  Source param shape is 1 3 (3); target param shape is \
        3 (3). To learn this layer's parameters from scratch rather than copying from a saved net, rename the layer.
        """)
  }

  @Test func `refuses a blob with values missing`() throws {
    let net = try makeNet(net)
    let error = #expect(throws: NetError.self) {
      try net.copyWeights(from: stored(#"layer { name: "a" blobs { shape { dim: 3 } data: 1 } }"#))
    }
    #expect(error?.layer == "a")
    #expect(error?.problem.contains("holds 1 values") == true)
  }

  @Test func `into shared parameters lets the last one win`() throws {
    let net = try makeNet(
      inputText + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" param { name: "w" } }"#
        + #"layer { name: "b" type: "Weigh" bottom: "y" top: "z" param { name: "w" } }"#)
    try net.copyWeights(
      from: stored(
        """
        layer { name: "a" blobs { shape { dim: 3 } data: 1 data: 1 data: 1 } }
        layer { name: "b" blobs { shape { dim: 3 } data: 2 data: 2 data: 2 } }
        """))
    #expect(net.layer("a")?.layer.parameters[0].array == [2, 2, 2])
  }
}

@Suite struct `Saving a net` {
  @Test func `keeps every layer with its definition, phase and blobs`() throws {
    let net = try makeNet(
      "name: \"n\"\nforce_backward: true\n" + inputText
        + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" inner_product_param { weight_filler { value: 4 } } }"#
        + #"layer { name: "b" type: "Double" bottom: "x" top: "z" }"#, phase: .test)
    let proto = net.proto()
    #expect(proto.name == "n")
    #expect(!proto.hasForceBackward)
    #expect(proto.layer.map(\.name) == ["in", "x_in_0_split", "a", "b"])
    #expect(proto.layer.allSatisfy { $0.phase == .test })
    #expect(proto.layer[2].blobs.map(\.data) == [[4, 4, 4]])
    #expect(proto.layer[2].innerProductParam.weightFiller.value == 4)
    #expect(proto.layer[2].blobs[0].diff.isEmpty)
  }

  @Test func `keeps gradients when asked to`() throws {
    let net = try makeNet(inputText + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" }"#)
    net.parameters[0].blob.diffArray = [1, 2, 3]
    #expect(net.proto(withDiff: true).layer[1].blobs[0].diff == [1, 2, 3])
  }

  @Test func `gives weights that load into the same net`() throws {
    let text =
      inputText
      + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" inner_product_param { weight_filler { type: "uniform" } } }"#
    let saved = try makeNet(text, seed: 1)
    let other = try makeNet(text, seed: 2)
    try other.copyWeights(from: saved.proto())
    #expect(other.parameters[0].blob.array == saved.parameters[0].blob.array)
  }
}

@Suite struct `Sharing weights between nets` {
  private let text = inputText + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" }"#

  @Test func `shares values but not gradients`() throws {
    let train = try makeNet(text)
    let test = try makeNet(text, phase: .test)
    try test.shareWeights(with: train)
    train.parameters[0].blob.array = [1, 2, 3]
    train.parameters[0].blob.diffArray = [1, 1, 1]
    #expect(test.parameters[0].blob.array == [1, 2, 3])
    #expect(test.parameters[0].blob.diffArray == [0, 0, 0])
  }

  @Test func `needs equal shapes`() throws {
    let narrow = try makeNet(text.replacing("dim: 3", with: "dim: 2"))
    let error = #expect(throws: NetError.self) { try narrow.shareWeights(with: makeNet(text)) }
    #expect(error?.problem.hasPrefix("Cannot share param 0 weights from layer 'a'; shape mismatch.") == true)
  }

  @Test func `needs equal numbers of blobs`() throws {
    let other = try makeNet(text.replacing("Weigh", with: "Double"))
    let error = #expect(throws: NetError.self) { try other.shareWeights(with: makeNet(text)) }
    #expect(error?.problem == "Incompatible number of blobs for layer a")
  }
}
