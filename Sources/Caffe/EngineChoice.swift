public import CaffeCore
import CaffeOneDNN

/// The engines that can compute a net.
public enum EngineChoice: String, CaseIterable, Sendable {
  /// Readable Swift: it defines the right answer.
  case reference
  /// Intel's oneDNN on the processor: the fast one.
  case oneDNN

  /// What nets use unless told otherwise.
  public static let best = EngineChoice.oneDNN

  /// An engine by its name, in whatever case.
  public init?(name: String) {
    guard let choice = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else { return nil }
    self = choice
  }

  /// A new engine, for one net.
  public func make() -> any Engine {
    switch self {
    case .reference: ReferenceEngine()
    case .oneDNN: OneDNNEngine()
    }
  }
}
