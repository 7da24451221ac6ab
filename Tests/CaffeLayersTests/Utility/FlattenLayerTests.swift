import Caffe
import Testing

@Suite struct `The Flatten layer` {
  private func layer(_ parameter: String) -> String {
    #"name: "l" type: "Flatten" top: "y" flatten_param { \#(parameter) }"#
  }

  @Test(arguments: [
    ("", [2, 60]), ("axis: 0", [120]), ("axis: 2", [2, 3, 20]), ("axis: -3 end_axis: -2", [2, 12, 5]),
    ("axis: 0 end_axis: 0", [2, 3, 4, 5]),
  ])
  func `merges axes and shares the memory`(parameter: String, shape: [Int]) throws {
    let small = try SmallNet(["x": [2, 3, 4, 5]], layer(parameter))
    #expect(try small.blob("y").shape == Shape(shape))
    #expect(try small.blob("y").data === small.blob("x").data)
    #expect(try small.blob("y").diff === small.blob("x").diff)
  }
}
