/// A value that is made when it is first needed: a net that only infers never pays for the primitives of its gradients.
///
/// Where it cannot be made, the next call tries again, so that no later pass computes nothing without a word.
package final class OnDemand<Value> {
  private let make: () -> Value?
  private var value: Value?

  package init(_ make: @escaping () -> Value?) { self.make = make }

  package func callAsFunction() -> Value? {
    if value == nil { value = make() }
    return value
  }
}

extension OnDemand {
  /// A failure is noted for the net.
  convenience init(on runtime: Runtime, make: @escaping () throws(OneDNNError) -> Value) {
    self.init { runtime.attempt(make) }
  }
}
