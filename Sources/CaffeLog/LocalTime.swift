#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A moment on the clock of the user's time zone, in the pieces that log lines and file names are made of.
package struct LocalTime {
  private let fields: tm
  private let nanoseconds: Int

  /// The present moment, or the given one in seconds and nanoseconds since 1970.
  package init(_ moment: timespec? = nil) {
    var moment = moment ?? Self.present()
    var fields = tm()
    localtime_r(&moment.tv_sec, &fields)
    self.fields = fields
    nanoseconds = moment.tv_nsec
  }

  /// The year, four digits.
  package var year: String { Self.padded(Int(fields.tm_year) + 1900, to: 4) }
  /// Month and day as `1122`.
  package var monthAndDay: String { month + day }
  /// The month, two digits.
  package var month: String { Self.padded(Int(fields.tm_mon) + 1, to: 2) }
  /// The day of the month, two digits.
  package var day: String { Self.padded(Int(fields.tm_mday), to: 2) }
  /// Hours, minutes and seconds as `20:24:01`.
  package var clock: String { clock(separator: ":") }
  /// The fraction of the second, six digits.
  package var microseconds: String { Self.padded(nanoseconds / 1000, to: 6) }

  /// Hours, minutes and seconds, two digits each.
  package func clock(separator: String) -> String {
    [fields.tm_hour, fields.tm_min, fields.tm_sec].map { Self.padded(Int($0), to: 2) }.joined(separator: separator)
  }

  private static func present() -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now
  }

  private static func padded(_ number: Int, to width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
