internal import CaffeProto

/// What a net that infers keeps its weights and activations in. Sums are made in float32 in either case.
public enum Precision: String, CaseIterable, Sendable {
  case float32 = "f32"
  /// The upper half of a float32: its range, with 8 significant bits.
  case bfloat16 = "bf16"

  /// The precision of a name: `bf16` or `bfloat16`, `f32`, `fp32` or `float32`, in any case.
  public init?(name: String) {
    switch name.lowercased() {
    case "f32", "fp32", "float32": self = .float32
    case "bf16", "bfloat16": self = .bfloat16
    default: return nil
    }
  }

  /// What to do where only float32 will do.
  package static let remedy = "Leave out `precision: BF16` of the net and ask for f32, which computes everywhere."
}

extension Precision {
  init(_ precision: NetParameter.Precision) {
    self =
      switch precision {
      case .bf16: .bfloat16
      case .fp32: .float32
      }
  }
}
