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

  /// A new engine, for one net.
  public func make() -> any Engine {
    switch self {
    case .reference: ReferenceEngine()
    case .oneDNN: OneDNNEngine()
    }
  }
}
