public import Caffe
import CaffeCore
import CaffeProto
public import FoundationEssentials

/// A net definition that the original Caffe refuses, and what it says.
public struct RefusedDefinition: Decodable, Sendable {
  public let name: String
  /// Where the original stops.
  public let stage: Stage
  /// What the original prints.
  public let message: [String]
  private let net: String
  private let feed: [String: [Float]]
  private var folder: URL?

  public enum Stage: String, Decodable, Sendable { case setup, forward, backward }

  private enum CodingKeys: CodingKey { case name, stage, message, net, feed }

  /// Reads `refused.json`; the nets lie beside it.
  public static func all(in file: URL) throws -> [RefusedDefinition] {
    try JSONDecoder().decode([RefusedDefinition].self, from: Data(contentsOf: file)).map { definition in
      var definition = definition
      definition.folder = file.deletingLastPathComponent()
      return definition
    }
  }

  /// The types of the layers; none if the text itself is refused.
  public var layerTypes: [String] { (try? definition())?.parameter.layer.map(\.type) ?? [] }

  /// What the original says to the user, without the source code of the check that failed; empty if it says no more than
  /// that, or if the two cannot be told apart.
  public var explanation: String {
    guard let message = message.first else { return "" }
    guard message.hasPrefix("Check failed: ") else { return message }
    // Check failed: pad < kernel (2 vs. 2) Explanation
    guard let values = message.firstRange(of: " vs. "),
      let end = message[values.upperBound...].firstRange(of: ") ")
    else { return "" }
    return String(message[end.upperBound...])
  }

  /// What an engine says when it builds and runs the net; nil if it accepts it.
  public func refusal(on engine: EngineChoice, registry: LayerRegistry = .standard) -> String? {
    do {
      let net = try Net(definition(), phase: .train, in: .forTesting(registry: registry, engine: engine))
      for (name, values) in feed {
        if let blob = net.blob(name), blob.count == values.count {
          _ = blob.data.uninitializedValues.update(from: values)
        }
      }
      if stage != .setup { try net.forward() }
      if stage == .backward { try net.backward() }
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func definition() throws -> NetDefinition {
    try NetDefinition(contentsOf: folder?.appending(path: net).path ?? net)
  }
}
