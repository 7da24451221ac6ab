import Caffe
import Testing

@Suite struct `The SoftmaxWithLoss layer` {
  private func layer(_ parameter: String, _ tops: String = #"top: "loss""#) -> String {
    #"name: "loss" type: "SoftmaxWithLoss" \#(tops) \#(parameter)"#
  }

  @Test(arguments: EngineChoice.allCases)
  func `shows the probabilities in a second top`(engine: EngineChoice) throws {
    let small = try SmallNet(["x": [1, 2], "label": [1]], layer("", #"top: "loss" top: "p""#), engine: engine)
    try small.feed("x", [1, 1])
    #expect(abs(try small.net.forward() - 0.6931472) < 1e-6)
    #expect(areClose(try small.values("p"), [0.5, 0.5]))
  }

  @Test func `has a ceiling`() throws {
    let small = try SmallNet(["x": [1, 2], "label": [1]], layer(""))
    try small.feed("x", [0, 1000])
    #expect(abs(try small.net.forward() - 87.33655) < 1e-3)
  }

  @Test func `divides by one where every label is ignored`() throws {
    let small = try SmallNet(["x": [2, 2], "label": [2]], layer("loss_param { ignore_label: 0 }"))
    #expect(try small.net.forward() == 0)
    try small.net.backward()
    #expect(try small.diffs("x") == [0, 0, 0, 0])
  }

  @Test(
    arguments: [(255, "label 255"), (-1, "label -1"), (.nan, "label nan"), (1e30, "label 1e+30")] as [(Float, String)])
  func `names a label that is out of range`(label: Float, name: String) throws {
    let small = try SmallNet(["x": [2, 3], "label": [2]], layer(""))
    try small.feed("label", [2, label])
    let text = refusal { try small.net.forward() }
    #expect(text.contains("\(name) at index 1 is out of range: there are 3 classes, so labels are 0 to 2"), "\(text)")
  }

  @Test(arguments: [
    ([2], "The data and label should have the same first dimension."),
    ([3, 2], "Number of labels must match number of predictions"),
  ])
  func `refuses labels that do not fit`(shape: [Int], message: String) {
    let text = refusal { _ = try SmallNet(["x": [3, 4], "label": shape], layer("")) }
    #expect(text.contains(message), "\(text)")
  }

  @Test func `has no gradient for labels`() {
    let text = refusal {
      let small = try SmallNet(
        ["x": [1, 2], "label": [1]], layer("propagate_down: true propagate_down: true"), fields: "force_backward: true")
      try small.net.forward()
      try small.net.backward()
    }
    #expect(text.contains("cannot backpropagate to label inputs"), "\(text)")
  }
}
