import Caffe
import CaffeTesting
import Testing

@Suite struct `Checks of layers` {
  private func trial(_ type: String, fault: Fault? = nil) -> LayerTrial {
    var definition = LayerDefinition()
    definition.type = type
    definition.name = fault?.rawValue ?? type
    definition.innerProductParam.weightFiller.type = "uniform"
    var trial = LayerTrial(definition, bottoms: [[2, 3]])
    trial.registry = testLayers
    trial.registry.add(FaultyLayer.self)
    return trial
  }

  @Test(arguments: ["Weigh", "Double"]) func `pass a sound layer`(type: String) throws {
    try LayerContract(trial(type)).check(on: .reference)
    try GradientCheck(trial(type)).check(on: .reference)
  }

  @Test func `pass a sound layer in place`() throws {
    var inPlace = trial("Double")
    inPlace.isInPlace = true
    try LayerContract(inPlace).check(on: .reference)
    try GradientCheck(inPlace).check(on: .reference)
  }

  @Test(arguments: Fault.allCases) func `find each fault`(fault: Fault) throws {
    let trial = trial("Faulty", fault: fault)
    let found =
      try LayerContract(trial).violations(on: .reference)
      + (fault == .wrongGradient ? GradientCheck(trial).disagreements(on: .reference) : [])
    #expect(found.contains { $0.place.hasPrefix(fault.rawValue) }, "found only \(found.map(\.place))")
  }

  @Test func `skip values near a kink`() throws {
    // The faulty gradient is that of all values; skipping all of them leaves nothing to complain about.
    var check = GradientCheck(trial("Faulty", fault: .wrongGradient))
    check.kinkRange = 100
    #expect(try check.disagreements(on: .reference).isEmpty)
  }

  @Test func `fail in words`() {
    let failure = #expect(throws: CheckFailure.self) {
      try LayerContract(trial("Faulty", fault: .untouched)).check(on: .reference)
    }
    #expect(failure?.description.hasPrefix("untouched by forward on reference: ") == true)
  }
}

/// A way to break the contract, named as the check tells of it.
enum Fault: String, CaseIterable, Sendable {
  case reshapedTwice = "reshaped twice"
  case smallerBatch = "smaller batch"
  case largerBatch = "larger batch"
  case sameSeed = "same seed"
  case untouched = "untouched by forward"
  case added = "gradients add up"
  case replaced = "gradients are replaced"
  case unwantedBottom = "only parameters asked for"
  case unwantedParameter = "only bottom 0 asked for"
  case wrongGradient = "bottom[0]"
}

/// y = w · x with the fault that the layer is named after.
final class FaultyLayer: Layer {
  static let type = "Faulty"
  private let fault: Fault?
  let parameters = [Blob([1], [0.5])]
  private var offset: Float = 0
  private var reshapes = 0
  private var largest = 0

  init(_ definition: LayerDefinition, in context: LayerContext) { fault = Fault(rawValue: definition.name) }

  func reshape(_ bottom: [Blob], _ top: [Blob]) {
    reshapes += 1
    top[0].reshape(like: bottom[0])
    if fault == .reshapedTwice { offset = Float(reshapes) }
    if fault == .smallerBatch, bottom[0].count < largest { offset = 1 }
    if fault == .largerBatch, largest > 0, bottom[0].count > largest { offset = 1 }
    largest = max(largest, bottom[0].count)
    if fault == .sameSeed { offset = .random(in: 1...2) }
  }

  func forward(_ bottom: [Blob], _ top: [Blob]) {
    let w = parameters[0].array[0]
    top[0].array = bottom[0].array.map { w * $0 + offset }
    if fault == .untouched { bottom[0].data.mutableValues[0] += 1 }
  }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    let dy = top[0].diffArray
    let w = parameters[0].array[0]
    if propagate.parameters[0] || fault == .unwantedParameter {
      let dw = zip(dy, bottom[0].array).reduce(0) { $0 + $1.0 * $1.1 }
      parameters[0].diff.mutableValues[0] = (fault == .added ? 0 : parameters[0].diffArray[0]) + dw
    }
    if propagate[0] || fault == .unwantedBottom {
      let before = fault == .replaced ? bottom[0].diffArray : dy.map { _ in 0 }
      let factor = fault == .wrongGradient ? w + 1 : w
      bottom[0].diffArray = zip(before, dy).map { $0 + factor * $1 }
    }
  }
}
