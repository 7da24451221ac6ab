#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Which kernels of our own may compute convolutions.
struct KernelChoice: Equatable {
  var winograd: Bool
  var panels: Bool

  static let none = KernelChoice(winograd: false, panels: false)

  init(winograd: Bool, panels: Bool) {
    self.winograd = winograd
    self.panels = panels
  }

  /// What is not said here is as the environment says: `CAFFE_WINOGRAD` and `CAFFE_PANELS` forbid kernels by 0, "no", "off" or
  /// "false".
  init(winograd: Bool?, panels: Bool?, environment: (String) -> String? = Self.environmentVariable) {
    func mayUse(_ kernels: String) -> Bool {
      guard let value = environment("CAFFE_" + kernels) else { return true }
      return !["0", "f", "n", "false", "no", "off"].contains(value.lowercased())
    }
    self.init(winograd: winograd ?? mayUse("WINOGRAD"), panels: panels ?? mayUse("PANELS"))
  }

  private static func environmentVariable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
