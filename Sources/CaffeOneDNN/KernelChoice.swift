#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Which kernels of our own may compute convolutions.
struct KernelChoice {
  var winograd: Bool
  var panels: Bool

  static let none = KernelChoice(winograd: false, panels: false)

  init(winograd: Bool, panels: Bool) {
    self.winograd = winograd
    self.panels = panels
  }

  /// What is not said here is as the environment says: `CAFFE_WINOGRAD` and `CAFFE_PANELS` forbid kernels by 0, "no", "off" or
  /// "false".
  init(winograd: Bool?, panels: Bool?) {
    self.init(
      winograd: winograd ?? !Self.isForbidden("CAFFE_WINOGRAD"), panels: panels ?? !Self.isForbidden("CAFFE_PANELS"))
  }

  private static func isForbidden(_ variable: String) -> Bool {
    guard let value = getenv(variable) else { return false }
    return ["0", "f", "n", "false", "no", "off"].contains(String(cString: value).lowercased())
  }
}
