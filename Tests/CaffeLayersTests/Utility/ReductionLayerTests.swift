import Caffe
import Testing

@Suite struct `The Reduction layer` {
  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "sum" type: "Reduction" top: "\#(top)" reduction_param { \#(parameter) }"#
  }

  @Test(
    arguments: zip(
      ["", "operation: ASUM", "operation: SUMSQ", "operation: MEAN coeff: 2"],
      [[-1, -1], [3, 11], [5, 61], [-1, -1]] as [[Float]]))
  func `reduces the last axes to one number`(parameter: String, sums: [Float]) throws {
    let small = try SmallNet(["x": [2, 1, 2]], layer("axis: 1 \(parameter)"))
    try small.feed("x", [1, -2, 5, -6])
    try small.net.forward()
    #expect(try small.blob("y").shape == [2])
    #expect(try small.values("y") == sums)
  }

  @Test func `makes a scalar of the whole`() throws {
    let small = try SmallNet(["x": [2, 2]], layer(""))
    try small.feed("x", [1, 2, 3, 4])
    try small.net.forward()
    #expect(try small.blob("y").shape == .scalar)
    #expect(try small.values("y") == [10])
  }

  @Test func `gives 0 no gradient under ASUM`() throws {
    let small = try SmallNet(["x": [3]], layer("operation: ASUM"))
    try small.feed("x", [-2, 0, 2])
    try small.net.forward()
    try small.setDiffs("y", [5])
    try small.net.backward()
    #expect(try small.diffs("x") == [-5, 0, 5])
  }

  @Test(arguments: zip(["", "operation: MEAN"], [0, .nan] as [Float]))
  func `makes 0 of nothing, and NaN of its mean`(parameter: String, value: Float) throws {
    let small = try SmallNet(["x": [1, 0]], layer("axis: 1 \(parameter)"))
    try small.net.forward()
    try small.net.backward()
    let y = try small.values("y")[0]
    #expect(value.isNaN ? y.isNaN : y == value)
  }

  @Test func `refuses an axis that is not there`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3]], layer("axis: 2")) }
    #expect(text.contains("axis 2 out of range for 2-D Blob"), "\(text)")
  }
}
