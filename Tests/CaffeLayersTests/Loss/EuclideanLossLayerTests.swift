import Caffe
import Testing

@Suite struct `The EuclideanLoss layer` {
  private let layer = #"name: "loss" type: "EuclideanLoss" top: "loss""#

  @Test func `halves the mean squared distance`() throws {
    let small = try SmallNet(["a": [2, 1], "b": [2, 1]], layer)
    try small.feed("a", [1, 5])
    try small.feed("b", [3, 1])
    #expect(try small.net.forward() == 5)
  }

  @Test(arguments: [
    ([3, 4], "The data and label should have the same first dimension."),
    ([2, 3], "Inputs must have the same dimension."),
  ])
  func `refuses bottoms that do not fit`(shape: [Int], message: String) {
    let text = refusal { _ = try SmallNet(["a": [2, 4], "b": shape], layer) }
    #expect(text.contains(message), "\(text)")
  }
}
