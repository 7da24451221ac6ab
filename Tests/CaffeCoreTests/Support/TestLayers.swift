import Caffe
import CaffeTesting

/// Tops of the shapes in `input_param`.
final class TestInput: Layer {
  static let type = "Input"
  static var bottomCount: BlobCount { .exactly(0) }
  static var topCount: BlobCount { .atLeast(1) }
  private let shapes: [Shape]

  init(_ definition: LayerDefinition, in context: LayerContext) throws {
    shapes = try definition.inputParam.shape.map { try Shape(checking: $0.dim) }
  }

  func setUp(_ bottom: [Blob], _ top: [Blob]) {
    for (index, top) in top.enumerated() { top.reshape(to: shapes[min(index, shapes.count - 1)]) }
  }

  func reshape(_ bottom: [Blob], _ top: [Blob]) {}
  func forward(_ bottom: [Blob], _ top: [Blob]) {}
  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
}

/// Copies that share the values of their source; its gradient is the sum of theirs.
final class TestSplit: Layer {
  static let type = "Split"
  static var topCount: BlobCount { .atLeast(1) }

  init(_ definition: LayerDefinition, in context: LayerContext) {}

  func reshape(_ bottom: [Blob], _ top: [Blob]) {
    for top in top {
      top.reshape(like: bottom[0])
      top.shareData(of: bottom[0])
    }
  }

  func forward(_ bottom: [Blob], _ top: [Blob]) {}

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let dx = bottom[0].diff.uninitializedValues
    for i in dx.indices { dx[i] = top.reduce(0) { $0 + $1.diff.values[i] } }
  }
}

/// y[n, k] = w[k] · x[n, k], with w filled by `inner_product_param.weight_filler`.
final class TestWeigh: Layer {
  static let type = "Weigh"
  private let definition: LayerDefinition
  private let context: LayerContext
  private(set) var parameters: [Blob] = []
  private(set) var reshapeCount = 0

  init(_ definition: LayerDefinition, in context: LayerContext) {
    self.definition = definition
    self.context = context
  }

  func setUp(_ bottom: [Blob], _ top: [Blob]) throws {
    let filler = definition.innerProductParam.weightFiller
    parameters = [try definition.makeParameter(0, [bottom[0].shape[1]], filler: filler, in: context)]
  }

  func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    guard bottom[0].shape[1] == parameters[0].count else { throw NetError("wrong width") }
    top[0].reshape(like: bottom[0])
    reshapeCount += 1
  }

  func forward(_ bottom: [Blob], _ top: [Blob]) {
    let y = top[0].data.uninitializedValues
    for i in y.indices { y[i] = bottom[0].data.values[i] * parameters[0].data.values[i % parameters[0].count] }
  }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    let dy = top[0].diff.values
    let width = parameters[0].count
    if propagate.parameters[0] {
      let dw = parameters[0].diff.mutableValues
      for i in dy.indices { dw[i % width] += dy[i] * bottom[0].data.values[i] }
    }
    if propagate[0] {
      let dx = bottom[0].diff.uninitializedValues
      for i in dx.indices { dx[i] = dy[i] * parameters[0].data.values[i % width] }
    }
  }
}

/// y = x₀ + x₁ + …
final class TestAdd: Layer {
  static let type = "Add"
  static var bottomCount: BlobCount { .atLeast(2) }

  init(_ definition: LayerDefinition, in context: LayerContext) {}

  func reshape(_ bottom: [Blob], _ top: [Blob]) { top[0].reshape(like: bottom[0]) }

  func forward(_ bottom: [Blob], _ top: [Blob]) {
    let y = top[0].data.uninitializedValues
    for i in y.indices { y[i] = bottom.reduce(0) { $0 + $1.data.values[i] } }
  }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    for (index, bottom) in bottom.enumerated() where propagate[index] { bottom.diff.copy(from: top[0].diff) }
  }
}

/// y = 2x, in place or not; two tops give 2x and 4x.
final class TestDouble: Layer {
  static let type = "Double"
  static var topCount: BlobCount { .between(1, 2) }
  static let worksInPlace = true

  init(_ definition: LayerDefinition, in context: LayerContext) {}

  func reshape(_ bottom: [Blob], _ top: [Blob]) { for top in top { top.reshape(like: bottom[0]) } }

  func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = Array(bottom[0].data.values)
    for (index, top) in top.enumerated() {
      _ = top.data.uninitializedValues.update(from: x.map { $0 * Float(2 << index) })
    }
  }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    let dy = top.map { Array($0.diff.values) }
    let dx = bottom[0].diff.uninitializedValues
    for i in dx.indices { dx[i] = dy.enumerated().reduce(0) { $0 + $1.element[i] * Float(2 << $1.offset) } }
  }
}

/// y = Σ x, a loss; a second bottom is a label that nobody reads.
final class TestSumLoss: Layer {
  static let type = "SumLoss"
  static var bottomCount: BlobCount { .between(1, 2) }
  static let isLoss = true

  init(_ definition: LayerDefinition, in context: LayerContext) {}

  func reshape(_ bottom: [Blob], _ top: [Blob]) { top[0].reshape(to: .scalar) }
  func forward(_ bottom: [Blob], _ top: [Blob]) { top[0].scalar = bottom[0].data.values.reduce(0, +) }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate[0] else { return }
    bottom[0].diff.uninitializedValues.update(repeating: top[0].diff.values[0])
  }
}

/// A learned blob as a top; its shape is `parameter_param.shape`.
final class TestParameter: Layer {
  static let type = "Parameter"
  static var bottomCount: BlobCount { .exactly(0) }
  let parameters: [Blob]

  init(_ definition: LayerDefinition, in context: LayerContext) throws {
    parameters = [Blob(try Shape(checking: definition.parameterParam.shape.dim))]
  }

  func reshape(_ bottom: [Blob], _ top: [Blob]) {
    top[0].reshape(like: parameters[0])
    top[0].shareData(of: parameters[0])
  }

  func forward(_ bottom: [Blob], _ top: [Blob]) {}

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    guard propagate.parameters[0] else { return }
    let dw = parameters[0].diff.mutableValues
    for i in dw.indices { dw[i] += top[0].diff.values[i] }
  }
}

/// y = 2x, kept in a form of its own that only a reader of the host form converts.
final class TestFormDouble: Layer {
  static let type = "FormDouble"

  init(_ definition: LayerDefinition, in context: LayerContext) {}

  func reshape(_ bottom: [Blob], _ top: [Blob]) { top[0].reshape(like: bottom[0]) }

  func forward(_ bottom: [Blob], _ top: [Blob]) {
    let x = bottom[0].data.currentForm(of: ReversedForm.self)?.values.reversed() ?? Array(bottom[0].data.values)
    let form = top[0].data.form(where: { (_: ReversedForm) in true }, orMake: { ReversedForm(count: x.count) })
    form.values = x.reversed().map { 2 * $0 }
    top[0].data.markNewest(form)
  }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {}
}

/// The values, last one first.
final class ReversedForm: BufferForm {
  var values: [Float]
  private(set) var conversions = 0

  init(count: Int) { values = Array(repeating: 0, count: count) }

  func write(toHost host: UnsafeMutablePointer<Float>) {
    conversions += 1
    for (index, value) in values.reversed().enumerated() { host[index] = value }
  }

  func read(fromHost host: UnsafePointer<Float>) {
    values = UnsafeBufferPointer(start: host, count: values.count).reversed()
  }

  func copy(to other: Buffer) {
    let copy = other.form(where: { (_: ReversedForm) in true }, orMake: { ReversedForm(count: values.count) })
    copy.values = values
    other.markNewest(copy)
  }
}

/// The types above.
var testLayers: LayerRegistry {
  LayerRegistry([
    TestAdd.self, TestDouble.self, TestFormDouble.self, TestInput.self, TestParameter.self, TestSplit.self,
    TestSumLoss.self,
    TestWeigh.self,
  ])
}

/// Builds a net of test layers.
func makeNet(
  _ text: String, phase: Phase = .train, level: Int = 0, stages: [String] = [], seed: UInt64 = 1,
  log: KeptLog = KeptLog()
) throws -> Net {
  try Net(
    NetDefinition(text: text, file: "test.prototxt"), phase: phase, level: level, stages: stages,
    in: NetEnvironment(registry: testLayers, seed: seed, logger: log.logger))
}

/// What building a net says when it fails; nil when it succeeds.
func complaint(about text: String) -> String? {
  do {
    _ = try makeNet(text)
    return nil
  } catch {
    return "\(error)"
  }
}

/// An Input layer with a 2×3 top called `x`.
let inputText = #"layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }"# + "\n"

extension Blob {
  /// The values, to be read and set as a whole.
  var array: [Float] {
    get { Array(data.values) }
    set { _ = data.uninitializedValues.update(from: newValue) }
  }

  /// The gradient, to be read and set as a whole.
  var diffArray: [Float] {
    get { Array(diff.values) }
    set { _ = diff.uninitializedValues.update(from: newValue) }
  }
}
