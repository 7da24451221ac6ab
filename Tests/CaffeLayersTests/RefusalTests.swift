import Caffe
import CaffeTesting
import Testing

/// Each mistake that the original ends a run for is an error here: with the place, the layer, what it was given, and the
/// words that users know.
@Suite struct `A wrong parameter` {
  @Test(arguments: Mistake.inLayers)
  func `of a layer is refused with place, layer, shapes and words`(mistake: Mistake) {
    let text = mistake.refusal
    #expect(
      text.hasPrefix("bad.prototxt:\(mistake.inputs.count + 1):1: error: layer 'bad' (\(mistake.type)): "), "\(text)")
    #expect(text.contains(mistake.words), "\(text)")
    for (index, shape) in mistake.inputs.enumerated() {
      let dimensions = mistake.later.map { index == 0 ? $0 : shape } ?? shape
      #expect(text.contains("\n  bottom[\(index)]: \(Shape(dimensions))"), "\(text)")
    }
  }

  @Test(arguments: MistakeInNet.all)
  func `of a net is refused with place, layer and words`(mistake: MistakeInNet) {
    let text = refusal {
      let definition = try NetDefinition(text: mistake.text, file: "bad.prototxt")
      _ = try Net(definition, phase: .train, in: NetEnvironment(registry: .standard, logger: KeptLog().logger))
    }
    #expect(text.hasPrefix("bad.prototxt:\(mistake.line):1: error: layer '\(mistake.layer)'"), "\(text)")
    #expect(text.contains(mistake.words), "\(text)")
  }
}
