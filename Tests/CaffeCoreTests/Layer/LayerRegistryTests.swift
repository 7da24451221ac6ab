import Caffe
import Testing

@Suite struct `A layer registry` {
  @Test func `lists its types in byte order`() {
    #expect(LayerRegistry([TestSumLoss.self, TestAdd.self, TestInput.self]).names == ["Add", "Input", "SumLoss"])
  }

  @Test func `is a value to which users add types`() {
    let shipped = LayerRegistry([TestAdd.self])
    var mine = shipped
    mine.add(TestDouble.self)
    #expect(mine["Double"] == TestDouble.self)
    #expect(shipped["Double"] == nil)
  }

  @Test func `replaces a type by another of its name`() {
    var registry = testLayers
    registry.add(OtherAdd.self)
    #expect(registry["Add"] == OtherAdd.self)
    #expect(registry.names == testLayers.names)
  }

  @Test func `names the nearest type and all others when a net asks for one it lacks`() throws {
    let text = try #require(complaint(about: inputText + #"layer { name: "a" type: "Dubble" bottom: "x" top: "y" }"#))
    #expect(text.contains("test.prototxt:2:"))
    #expect(
      text.contains("layer 'a' (Dubble): Unknown layer type: Dubble (known types: Add, Double, FormDouble, Input,"))
    #expect(text.contains("did you mean \"Double\"?"))
  }

  private final class OtherAdd: Layer {
    static let type = "Add"
    init(_ definition: LayerDefinition, in context: LayerContext) {}
    func reshape(_ bottom: [Blob], _ top: [Blob]) {}
    func forward(_ bottom: [Blob], _ top: [Blob]) {}
    func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
  }
}
