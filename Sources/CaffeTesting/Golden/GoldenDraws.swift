public import Caffe
import CaffeCore
import CaffeHDF5
public import CaffeProto
public import FoundationEssentials

/// Some passes of the original Caffe through a net in which chance plays a part: what was put in, and what came out in those
/// draws. What must hold for every draw is `property`, in words.
public struct GoldenDraws: Sendable {
  public let definition: NetDefinition
  public let phase: Phase
  public let property: String
  public let tolerance: Float
  public let passes: [Pass]

  /// The values of the blobs of a pass, by name.
  public struct Pass: Sendable {
    public var bottoms: [String: [Float]] = [:]
    public var tops: [String: [Float]] = [:]
    public var topDiffs: [String: [Float]] = [:]
    public var bottomDiffs: [String: [Float]] = [:]
  }

  /// Reads a golden file.
  public init(contentsOf file: URL) throws {
    let root = try HDF5File(reading: file.path).root
    definition = try NetDefinition(text: root.string(attribute: "prototxt"), file: file.lastPathComponent)
    phase = try root.string(attribute: "phase") == "TEST" ? .test : .train
    property = try root.string(attribute: "property")
    tolerance = try root.hasAttribute("tolerance") ? root.float(attribute: "tolerance") : 1e-4
    passes = try (0..<root.integer(attribute: "passes")).map { number in
      let group = try root.group("pass\(number)")
      return Pass(
        bottoms: try group.values(in: "bottom"), tops: try group.values(in: "top"),
        topDiffs: try group.values(in: "top_diff"), bottomDiffs: try group.values(in: "bottom_diff"))
    }
  }

  /// Makes as many passes with the same bottoms and gradients on the tops.
  public func draw(on engine: EngineChoice, registry: LayerRegistry = .standard) throws -> [Pass] {
    let net = try Net(definition, phase: phase, in: .forTesting(registry: registry, engine: engine))
    return try passes.map { recorded in
      var pass = Pass(bottoms: recorded.bottoms, topDiffs: recorded.topDiffs)
      for (name, values) in recorded.bottoms { try net.put(values, into: \.data, of: name) }
      try net.forward()
      for name in recorded.tops.keys { pass.tops[name] = net.blob(name).map { Array($0.data.values) } }
      guard !recorded.bottomDiffs.isEmpty else { return pass }
      for (name, values) in recorded.topDiffs { try net.put(values, into: \.diff, of: name) }
      try net.backward()
      for name in recorded.bottomDiffs.keys { pass.bottomDiffs[name] = net.blob(name).map { Array($0.diff.values) } }
      return pass
    }
  }
}

extension HDF5Group {
  fileprivate func values(in member: String) throws -> [String: [Float]] {
    Dictionary(uniqueKeysWithValues: try recordings(in: member).map { ($0.name, $0.values) })
  }
}

extension Net {
  fileprivate func put(_ values: [Float], into buffer: KeyPath<Blob, Buffer>, of name: String) throws {
    guard let blob = blob(name), blob.count == values.count else {
      throw NetError("the net has no blob '\(name)' of \(values.count) values")
    }
    _ = blob[keyPath: buffer].uninitializedValues.update(from: values)
  }
}
