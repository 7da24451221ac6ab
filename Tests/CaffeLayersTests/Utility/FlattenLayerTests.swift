import Caffe
import CaffeTesting
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

  @Test(arguments: EngineChoice.allCases)
  func `keeps the contract of every layer`(engine: EngineChoice) throws {
    try LayerContract(LayerDefinition(prototxt: layer("")), bottoms: [[2, 3, 4]]).check(on: engine)
  }

  @Test(arguments: [
    ("axis: 3 end_axis: 2", "comes after the last"), ("axis: 4", "axis 4 out of range"),
    ("end_axis: 4", "axis 4 out of range"),
  ])
  func `refuses axes that make no sense`(parameter: String, message: String) {
    let text = refusal { _ = try SmallNet(["x": [2, 3, 4, 5]], layer(parameter)) }
    #expect(text.contains(message), "\(text)")
  }
}
