import Caffe
import Testing

@Suite struct `A pass` {
  private let chain =
    inputText
    + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" inner_product_param { weight_filler { value: 3 } } }"#
    + #"layer { name: "b" type: "Double" bottom: "y" top: "y" }"#
    + #"layer { name: "l" type: "SumLoss" bottom: "y" top: "loss" loss_weight: 0.5 }"#

  private func makeChain() throws -> Net {
    let net = try makeNet(chain)
    net.blob("x")?.array = [1, 2, 3, 4, 5, 6]
    return net
  }

  @Test func `forward gives the weighted loss`() throws {
    let net = try makeChain()
    #expect(try net.forward() == 0.5 * 6 * 21)
    #expect(net.blob("y")?.array == [6, 12, 18, 24, 30, 36])
  }

  @Test func `backward adds to gradients of parameters and replaces those of blobs`() throws {
    let net = try makeChain()
    for time in 1...2 {
      try net.forward()
      try net.backward()
      #expect(net.parameters[0].blob.diffArray == [5, 7, 9].map { $0 * Float(time) })
      #expect(net.blob("y")?.diffArray == Array(repeating: 1, count: 6))
    }
    net.clearParameterDiffs()
    #expect(net.parameters[0].blob.diffArray == [0, 0, 0])
  }

  @Test func `forward over some layers runs those and gives their loss`() throws {
    let net = try makeChain()
    #expect(try net.forward(to: 1) == 0)
    #expect(net.blob("y")?.array == [3, 6, 9, 12, 15, 18])
    #expect(try net.forward(from: 2, to: 2) == 0)
    #expect(try net.forward(from: 3) == 63)
  }

  @Test func `backward over some layers starts from the gradients that are there`() throws {
    let net = try makeChain()
    try net.forward()
    net.blob("y")?.diffArray = Array(repeating: 10, count: 6)
    try net.backward(from: 1, to: 1)
    #expect(net.parameters[0].blob.diffArray == [50, 70, 90])
  }

  @Test func `calls the hooks around each layer`() throws {
    let net = try makeChain()
    var calls: [String] = []
    net.beforeForward.append { calls.append("f\($0)") }
    net.afterForward.append { calls.append("F\($0)") }
    net.beforeBackward.append { calls.append("b\($0)") }
    net.afterBackward.append { calls.append("B\($0)") }
    try net.forward()
    try net.backward()
    #expect(calls.joined(separator: " ") == "f0 F0 f1 F1 f2 F2 f3 F3 b3 B3 b2 B2 b1 B1")
  }

  @Test func `tells an observer about each step and how long it took`() throws {
    let net = try makeNet(inputText + #"layer { name: "a" type: "Double" bottom: "x" top: "y" }"#)
    var layers: [[Int]] = []
    net.stepObserver = { step in
      layers.append(step.layers)
      #expect(step.duration >= .zero)
      #expect(step.results.map(\.shape) == [[2, 3]])
    }
    try net.forward()
    net.stepObserver = nil
    try net.forward()
    #expect(layers == [[0], [1]])
  }

  @Test func `stops at what a hook throws`() throws {
    let net = try makeChain()
    net.beforeForward.append { if $0 == 2 { throw NetError("enough") } }
    let error = #expect(throws: NetError.self) { try net.forward() }
    #expect(error?.problem == "enough")
    #expect(error?.layer == "b")
  }

  @Test func `reshapes what depends on an input that was reshaped`() throws {
    let net = try makeChain()
    net.blob("x")?.reshape(to: [3, 3])
    net.blob("x")?.array = Array(repeating: 1, count: 9)
    #expect(try net.forward() == 0.5 * 6 * 9)
    #expect(net.blob("y")?.shape == [3, 3])
    try net.backward()
    #expect(net.parameters[0].blob.diffArray == [3, 3, 3])
  }

  @Test func `reshapes a layer only when something changed`() throws {
    let net = try makeChain()
    let layer = try #require(net.layer("a")?.layer as? TestWeigh)
    let before = layer.reshapeCount
    try net.forward()
    try net.forward()
    #expect(layer.reshapeCount == before)
    net.blob("x")?.reshape(to: [1, 3])
    try net.forward()
    #expect(layer.reshapeCount == before + 1)
  }

  @Test func `is not needed to propagate shapes`() throws {
    let net = try makeChain()
    net.blob("x")?.reshape(to: [5, 3])
    try net.reshape()
    #expect(net.blob("y")?.shape == [5, 3])
    #expect(net.blob("loss")?.shape == .scalar)
  }

  @Test func `says which layer an unfitting input stops, and with what`() throws {
    let net = try makeChain()
    net.blob("x")?.reshape(to: [2, 4])
    let error = #expect(throws: NetError.self) { try net.forward() }
    #expect(error?.layer == "a")
    #expect(error?.location?.line == 2)
    #expect(error?.bottomShapes == [[2, 4]])
    #expect(error?.description.contains("bottom[0]: 2 4 (8)") == true)
  }

  @Test func `seeds the gradient of a loss again after a reshape`() throws {
    let net = try makeNet(inputText + #"layer { name: "a" type: "Weigh" bottom: "x" top: "y" loss_weight: 2 }"#)
    net.blob("x")?.reshape(to: [4, 3])
    try net.forward()
    #expect(net.blob("y")?.diffArray == Array(repeating: 2, count: 12))
  }
}

@Suite struct `A lasting view` {
  private let chain =
    #"layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 3 } } }"#
    + #"layer { name: "a" type: "FormDouble" bottom: "x" top: "y" }"#
    + #"layer { name: "b" type: "FormDouble" bottom: "y" top: "z" }"#

  @Test func `shows the newest values after a pass`() throws {
    let net = try makeNet(chain)
    let y = try #require(net.blob("y"))
    let view = y.data.mutableValues
    y.data.pin()
    net.blob("x")?.array = [1, 2, 3]
    try net.forward()
    #expect(Array(view) == [2, 4, 6])
    y.data.unpin()
    net.blob("x")?.array = [2, 3, 4]
    try net.forward()
    #expect(Array(view) == [2, 4, 6], "an engine is free again when the last view is gone")
    #expect(y.array == [4, 6, 8])
  }

  @Test func `is read before a pass, though nobody said that it was written`() throws {
    let net = try makeNet(chain)
    let y = try #require(net.blob("y"))
    net.blob("x")?.array = [1, 2, 3]
    try net.forward()
    let view = y.data.mutableValues
    y.data.pin()
    try net.forward()
    for i in view.indices { view[i] = 10 }
    try net.forward(from: 2)
    #expect(net.blob("z")?.array == [20, 20, 20])
    y.data.unpin()
  }

  @Test func `keeps its address through passes and smaller shapes`() throws {
    let net = try makeNet(chain)
    let x = try #require(net.blob("x"))
    x.data.pin()
    let address = x.data.values.baseAddress
    x.reshape(to: [2])
    try net.forward()
    x.reshape(to: [3])
    try net.forward()
    #expect(x.data.values.baseAddress == address)
    x.data.unpin()
  }
}
