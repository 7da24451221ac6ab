internal import CaffeCore
internal import Synchronization

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

extension OneDNNEngine {
  /// The rate at which this engine's threads multiply and add at most, in operations a second, as a measurement of some 30 ms
  /// finds it; nil where there are no kernels of ours for this processor.
  package func measureMultiplyRate() -> Double? {
    #if canImport(CaffeKernelsAVX512)
      guard Instructions.hasAVX512 else { return nil }
      let (threads, repetitions) = (runtime.threads, 250_000)
      let sum = Mutex(Float(0))
      let best = (0..<5).map { _ in
        ContinuousClock().measure {
          divide(threads) { parts in
            for part in parts {
              let result = MultiplyUnits.exercise(repetitions, factor: 0, summand: Float(part))
              sum.withLock { $0 += result }
            }
          }
        }
      }.min()!
      precondition(!sum.withLock(\.self).isNaN)
      return Double(threads * repetitions * MultiplyUnits.operations) / (best / .seconds(1))
    #else
      return nil
    #endif
  }
}
