import Caffe
import CaffeTesting

/// A net of one layer with its inputs, fed and read by the names of its blobs.
struct SmallNet {
  let net: Net
  let log = KeptLog()

  /// - Parameters:
  ///   - inputs: names and shapes; the layer's bottoms, in order.
  ///   - layer: the fields of the layer but its bottoms, in prototxt.
  ///   - fields: fields of the net.
  init(
    _ inputs: KeyValuePairs<String, [Int]>, _ layer: String, fields: String = "force_backward: true",
    engine: EngineChoice = .reference
  ) throws {
    var text = fields + "\n"
    var bottoms = ""
    for (name, shape) in inputs {
      let dimensions = shape.map { "dim: \($0)" }.joined(separator: " ")
      text +=
        #"layer { name: "in_\#(name)" type: "Input" top: "\#(name)" input_param { shape { \#(dimensions) } } }"# + "\n"
      bottoms += #" bottom: "\#(name)""#
    }
    text += "layer { \(layer)\(bottoms) }\n"
    let definition = try NetDefinition(text: text, file: "small.prototxt")
    let environment = NetEnvironment(
      registry: .standard, seed: 1, logger: log.logger, makeEngine: { engine.make() })
    net = try Net(definition, phase: .train, in: environment)
  }

  func feed(_ name: String, _ values: [Float], shape: Shape? = nil) throws {
    let blob = try blob(name)
    if let shape { blob.reshape(to: shape) }
    precondition(values.count == blob.count, "\(values.count) values for \(name), which has shape \(blob.shape)")
    _ = blob.data.uninitializedValues.update(from: values)
  }

  func blob(_ name: String) throws -> Blob {
    guard let blob = net.blob(name) else { throw NetError("no blob \(name)") }
    return blob
  }

  func values(_ name: String) throws -> [Float] { Array(try blob(name).data.values) }
  func diffs(_ name: String) throws -> [Float] { Array(try blob(name).diff.values) }

  func setDiffs(_ name: String, _ values: [Float]) throws {
    _ = try blob(name).diff.uninitializedValues.update(from: values)
  }

  /// Takes another net's parameters, which are alike.
  func copyParameters(from other: SmallNet) {
    for (own, other) in zip(net.parameters, other.net.parameters) { own.blob.data.copy(from: other.blob.data) }
  }
}

/// What `body` throws, as text; empty if it throws nothing.
func refusal(_ body: () throws -> Void) -> String {
  do {
    try body()
    return ""
  } catch {
    return "\(error)"
  }
}

extension LayerDefinition {
  /// A definition in prototxt.
  init(prototxt: String) throws {
    self = try Prototxt.parse(LayerDefinition.self, text: prototxt, file: "layer.prototxt")
  }
}

/// Whether two lists agree value by value, but for rounding.
func areClose(_ a: [Float], _ b: [Float], tolerance: Float = 1e-5) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}
