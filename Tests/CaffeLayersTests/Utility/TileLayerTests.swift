import Caffe
import Testing

@Suite struct `The Tile layer` {
  private static let parameters = ["tiles: 3", "tiles: 1", "tiles: 2 axis: 0", "tiles: 2 axis: -1"]

  private func layer(_ parameter: String, top: String = "y") -> String {
    #"name: "tile" type: "Tile" top: "\#(top)" tile_param { \#(parameter) }"#
  }

  @Test(
    arguments: zip(
      parameters.dropFirst(2) + ["tiles: 2"],
      [[1, 2, 3, 4, 1, 2, 3, 4], [1, 2, 1, 2, 3, 4, 3, 4], [1, 2, 1, 2, 3, 4, 3, 4]] as [[Float]]))
  func `repeats whole blocks`(parameter: String, tiles: [Float]) throws {
    let small = try SmallNet(["x": [2, 2]], layer(parameter))
    try small.feed("x", [1, 2, 3, 4])
    try small.net.forward()
    #expect(try small.values("y") == tiles)
  }

  @Test(arguments: ["", "tiles: 0", "tiles: -1"])
  func `refuses a number of tiles that is not positive`(parameter: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 2]], layer(parameter)) }
    #expect(text.contains("Number of tiles must be positive."), "\(text)")
  }

  @Test func `refuses more values than a blob can have`() {
    let text = refusal { _ = try SmallNet(["x": [2, 2]], layer("tiles: 2147483647")) }
    #expect(text.contains("INT_MAX"), "\(text)")
  }

  @Test func `refuses an axis that is not there`() {
    let text = refusal { _ = try SmallNet(["x": [2, 3]], layer("tiles: 2 axis: 2")) }
    #expect(text.contains("axis 2 out of range for 2-D Blob"), "\(text)")
  }
}
