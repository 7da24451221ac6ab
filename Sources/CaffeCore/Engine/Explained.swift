/// Something that can say by what it computes, for tables of what a net really executes.
public protocol Explained {
  /// The kernel or the algorithm of the forward pass, such as `jit:avx512_core`; nil as long as none has been chosen.
  var kernel: String? { get }

  /// The same of the backward pass; nil also where nobody says.
  var backwardKernel: String? { get }
}

extension Explained {
  public var backwardKernel: String? { nil }
}

/// The kernel of an operation; one that does not say is a loop of the reference engine.
package func kernel(of operation: AnyObject?) -> String? {
  operation.map { operation in (operation as? any Explained).map(\.kernel) ?? "reference" } ?? nil
}

/// The kernel of an operation's backward pass.
package func backwardKernel(of operation: AnyObject?) -> String? {
  operation.map { operation in (operation as? any Explained).map(\.backwardKernel) ?? "reference" } ?? nil
}
