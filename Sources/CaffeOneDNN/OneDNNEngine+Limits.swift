internal import CaffeCore
internal import Synchronization

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

extension OneDNNEngine {
  /// The rate at which this engine's threads multiply and add at most, in operations a second, as a measurement of some 30 ms
  /// finds it; nil where the kernels for this processor cannot be measured.
  package func measureMultiplyRate() -> Double? {
    #if canImport(CaffeKernelsAVX512)
      guard Instructions.hasAVX512 else { return nil }
      return (0..<5).map { _ in
        let done = Mutex(0.0)
        let start = ContinuousClock.now
        divide(runtime.threads) { parts in
          for _ in parts {
            let count = MultiplyUnits.exercise(500_000)
            done.withLock { $0 += count }
          }
        }
        return done.withLock { $0 } / ((ContinuousClock.now - start) / .seconds(1))
      }.max()
    #else
      return nil
    #endif
  }
}
