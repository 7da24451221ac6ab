import Caffe
import CaffeTesting
import Testing

@Suite struct `The backward plan` {
  private func weigh(_ name: String, _ bottom: String, _ top: String, _ more: String = "") -> String {
    "layer { name: \"\(name)\" type: \"Weigh\" bottom: \"\(bottom)\" top: \"\(top)\" \(more) }\n"
  }

  private func loss(_ bottom: String, _ more: String = "") -> String {
    "layer { name: \"l\" type: \"SumLoss\" bottom: \"\(bottom)\" \(more) top: \"loss\" }\n"
  }

  /// The names of the layers that run backward.
  private func running(_ net: Net) -> [String] { net.layers.filter(\.needsBackward).map(\.name) }

  @Test func `runs nothing without a loss`() throws {
    #expect(running(try makeNet(inputText + weigh("a", "x", "y"))).isEmpty)
  }

  @Test func `runs from the loss down to what learns, but not into the data`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y") + weigh("b", "y", "z") + loss("z"))
    #expect(running(net) == ["a", "b", "l"])
    #expect(net.layer("a")?.propagation == Propagation(bottoms: [false], parameters: [true]))
    #expect(net.layer("b")?.propagation == Propagation(bottoms: [true], parameters: [true]))
    #expect(net.layer("l")?.propagation == Propagation(bottoms: [true]))
  }

  @Test func `takes any weighted top for a loss`() throws {
    #expect(running(try makeNet(inputText + weigh("a", "x", "y", "loss_weight: 0.5"))) == ["a"])
  }

  @Test func `does not run through frozen layers`() throws {
    let frozen = "param { lr_mult: 0 }"
    let net = try makeNet(inputText + weigh("a", "x", "y", frozen) + weigh("b", "y", "z") + loss("z"))
    #expect(running(net) == ["b", "l"])
    #expect(net.layer("b")?.propagation.bottoms == [false])
    #expect(net.layer("a")?.propagation.parameters == [false])
  }

  @Test func `runs through a frozen layer to one that learns`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y") + weigh("b", "y", "z", "param { lr_mult: 0 }") + loss("z"))
    #expect(running(net) == ["a", "b", "l"])
    #expect(net.layer("b")?.propagation == Propagation(bottoms: [true], parameters: [false]))
  }

  @Test func `is empty when nothing learns`() throws {
    #expect(running(try makeNet(inputText + weigh("a", "x", "y", "param { lr_mult: 0 }") + loss("y"))).isEmpty)
  }

  @Test func `cuts where propagate_down is false`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y") + weigh("b", "y", "z", "propagate_down: false") + loss("z"))
    #expect(running(net) == ["b", "l"])
    #expect(net.layer("b")?.propagation == Propagation(bottoms: [false], parameters: [true]))
    #expect(net.layer("a")?.propagation.bottoms == [false])
  }

  @Test func `keeps running below a cut if another way leads there`() throws {
    let net = try makeNet(
      inputText + weigh("a", "x", "y") + weigh("b", "y", "u", "propagate_down: false") + weigh("c", "y", "v")
        + #"layer { name: "add" type: "Add" bottom: "u" bottom: "v" top: "z" }"# + loss("z"))
    #expect(running(net) == ["a", "y_a_0_split", "b", "c", "add", "l"])
  }

  @Test func `goes into the data where propagate_down is true`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y", "propagate_down: true") + loss("y"))
    #expect(net.layer("a")?.propagation.bottoms == [true])
  }

  @Test func `leaves out a branch that leads to no loss`() throws {
    let net = try makeNet(inputText + weigh("a", "x", "y") + weigh("b", "y", "u") + weigh("c", "y", "v") + loss("v"))
    #expect(running(net) == ["a", "y_a_0_split", "c", "l"])
    #expect(net.layer("b")?.propagation.bottoms == [false])
  }

  @Test func `runs everything under force_backward, labels excepted`() throws {
    let net = try makeNet(
      "force_backward: true\n"
        + #"layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 2 dim: 3 } } }"#
        + weigh("a", "x", "y", "param { lr_mult: 0 }") + loss("y", #"bottom: "t""#))
    #expect(running(net) == ["in", "a", "l"])
    #expect(net.layer("a")?.propagation == Propagation(bottoms: [true], parameters: [true]))
    #expect(net.layer("l")?.propagation.bottoms == [true, false])
  }

  @Test func `is told to the log, last layer first`() throws {
    let log = KeptLog()
    _ = try makeNet(inputText + weigh("a", "x", "y") + loss("y"), log: log)
    let lines = log.lines.filter { $0.hasSuffix("backward computation.") }
    #expect(
      lines == [
        "l needs backward computation.", "a needs backward computation.", "in does not need backward computation.",
      ])
  }

  @Test func `refuses propagate_down for some bottoms only`() throws {
    let text = try #require(
      complaint(
        about: inputText + #"layer { name: "a" type: "Add" bottom: "x" bottom: "x" top: "y" propagate_down: true }"#))
    #expect(text.contains("propagate_down param must be specified either 0 or bottom_size times"))
  }
}
