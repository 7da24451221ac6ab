import Caffe
import CaffeTesting
import Testing

/// A layer that something is wrong with.
struct Mistake: CustomTestStringConvertible, Sendable {
  enum Stage { case setUp, forward, backward }

  let type: String
  /// The shapes of the bottoms.
  let inputs: [[Int]]
  let settings: String
  let words: String
  var tops = 1
  /// Whether the top is the first bottom.
  var isInPlace = false
  var stage = Stage.setUp
  /// The value of all elements of the last bottom.
  var value: Float = 0
  /// The shape that the first bottom takes on after set-up.
  var later: [Int]?

  init(
    _ type: String, _ inputs: [[Int]], _ settings: String = "", tops: Int = 1, isInPlace: Bool = false,
    at stage: Stage = .setUp, value: Float = 0, later: [Int]? = nil, says words: String
  ) {
    self.type = type
    self.inputs = inputs
    self.settings = settings
    self.words = words
    self.tops = tops
    self.isInPlace = isInPlace
    self.stage = stage
    self.value = value
    self.later = later
  }

  var testDescription: String { "\(type) \(inputs) \(settings): \(words)" }

  private var prototxt: String {
    var lines = inputs.enumerated().map { index, shape in
      let dimensions = shape.map { "dim: \($0)" }.joined(separator: " ")
      return "layer { name: 'in\(index)' type: 'Input' top: 'x\(index)' input_param { shape { \(dimensions) } } }"
    }
    let bottoms = inputs.indices.map { "bottom: 'x\($0)'" }.joined(separator: " ")
    let names = isInPlace ? "top: 'x0'" : (0..<tops).map { "top: 'y\($0)'" }.joined(separator: " ")
    lines.append("layer { name: 'bad' type: '\(type)' \(bottoms) \(names) \(settings) }")
    if stage == .backward { lines.append("force_backward: true") }
    return lines.joined(separator: "\n")
  }

  /// What is said about it.
  var refusal: String {
    CaffeLayersTests.refusal {
      let net = try Net(
        NetDefinition(text: prototxt, file: "bad.prototxt"), phase: .train,
        in: NetEnvironment(registry: .standard, logger: KeptLog().logger))
      guard stage != .setUp else { return }
      if let later { net.blobs[0].reshape(to: Shape(later)) }
      if !inputs.isEmpty { net.blobs[inputs.count - 1].data.mutableValues.update(repeating: value) }
      try net.forward()
      if stage == .backward { try net.backward() }
    }
  }
}

/// A net in which the layers do not fit together.
struct MistakeInNet: CustomTestStringConvertible, Sendable {
  let text: String
  let layer: String
  let line: Int
  let words: String

  var testDescription: String { words }

  private init(_ layers: [String], layer: String, line: Int, _ words: String) {
    text = layers.joined(separator: "\n")
    self.layer = layer
    self.line = line
    self.words = words
  }

  private static let input = "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 2 dim: 3 } } }"

  /// Two layers with learned weights of the name w, of so many outputs and with these fields of `param`.
  private static func sharing(_ first: String, _ second: String, outputs: (Int, Int) = (3, 3)) -> [String] {
    [
      input,
      """
      layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'a' param { name: 'w' \(first) } \
      inner_product_param { num_output: \(outputs.0) bias_term: false } }
      """,
      """
      layer { name: 'b' type: 'InnerProduct' bottom: 'x' top: 'b' param { name: 'w' \(second) } \
      inner_product_param { num_output: \(outputs.1) bias_term: false } }
      """,
    ]
  }

  static let all: [MistakeInNet] = [
    MistakeInNet(
      [input, "layer { name: 'l' type: 'ReLU' bottom: 'z' top: 'y' }"], layer: "l", line: 2,
      "Unknown bottom blob 'z' (layer 'l', bottom index 0)"),
    MistakeInNet(
      [input, "layer { name: 'l' type: 'ReLU' bottom: 'y' top: 'y' }"], layer: "l", line: 2,
      "Unknown bottom blob 'y' (layer 'l', bottom index 0)"),
    MistakeInNet(
      [
        input, "layer { name: 'l' type: 'ReLU' bottom: 'x' top: 'y' }",
        "layer { name: 'm' type: 'ReLU' bottom: 'x' top: 'y' }",
      ],
      layer: "m", line: 3, "Top blob 'y' produced by multiple sources."),
    MistakeInNet(
      [
        input, "layer { name: 'l' type: 'ReLU' bottom: 'x' top: 'y' include { phase: TRAIN } exclude { phase: TEST } }",
      ],
      layer: "l", line: 2, "Specify either include rules or exclude rules; not both."),
    MistakeInNet(
      sharing("lr_mult: 1", "lr_mult: 2"), layer: "b", line: 3, "Shared param 'w' has mismatched lr_mult."),
    MistakeInNet(
      sharing("decay_mult: 1", "decay_mult: 2"), layer: "b", line: 3, "Shared param 'w' has mismatched decay_mult."),
    MistakeInNet(
      sharing("", "", outputs: (3, 4)), layer: "b", line: 3,
      """
      Cannot share param 'w' owned by layer 'a' with layer 'b'; shape mismatch.  Owner layer param shape is 3 3 (9); \
      sharing layer expects shape 4 3 (12)
      """),
    MistakeInNet(
      sharing("", "share_mode: PERMISSIVE", outputs: (3, 4)), layer: "b", line: 3,
      "Cannot share param 'w' owned by layer 'a' with layer 'b'; count mismatch."),
  ]
}
