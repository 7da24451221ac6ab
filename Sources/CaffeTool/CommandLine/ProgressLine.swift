import CaffeLog

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One line at the bottom of a terminal that tells how far a long run is.
///
///     Training [=========>          ]  45% 4500/10000  123.4/s  0:44 left
///
/// It is drawn at most ten times a second, and only where a person can see it: never into a pipe or a file.
package struct ProgressLine {
  private let title: String
  private let start: Int
  private var total: Int
  private let output: LogOutput?
  private let descriptor: CInt
  private let begin = ContinuousClock.now
  private var drawn: ContinuousClock.Instant?

  /// Starts a line that counts from `start` to `total`, on the output if it leads to a terminal.
  package init(
    _ title: String, from start: Int = 0, to total: Int, on output: LogOutput, descriptor: CInt = STDERR_FILENO
  ) {
    self.title = title
    self.start = start
    self.total = total
    self.descriptor = descriptor
    self.output = Self.isVisible(on: descriptor) ? output : nil
  }

  /// Draws the line anew if the last time is long enough ago.
  package mutating func update(_ completed: Int) {
    guard let output else { return }
    let now = ContinuousClock.now
    if let drawn, now - drawn < .milliseconds(100) { return }
    drawn = now
    let elapsed = now - begin
    let text = Self.text(
      title, completed: completed, from: start, to: total, elapsed: elapsed / .seconds(1),
      width: Self.width(of: descriptor))
    output.showProgress(text)
  }

  /// Draws the line anew with a total that was only known now, or has been estimated better.
  package mutating func update(_ completed: Int, of total: Int) {
    self.total = total
    update(completed)
  }

  /// Wipes the line.
  package func finish() { output?.showProgress("") }

  /// The line's text, short enough not to wrap in a terminal of that width.
  package static func text(
    _ title: String, completed: Int, from start: Int, to total: Int, elapsed: Double, width: Int
  ) -> String {
    let fraction = total > 0 ? min(1, max(0, Double(completed) / Double(total))) : 0
    var counts = "\(String(Int(fraction * 100)).leftPadded(to: 3))% \(completed)/\(total)"
    let rate = elapsed > 0 ? Double(completed - start) / elapsed : 0
    if rate > 0 {
      counts += "  \((rate * 10).rounded() / 10)/s  \(clock(Double(total - completed) / rate)) left"
    }
    let room = min(40, width - title.count - counts.count - 5)
    guard room >= 5 else { return String("\(title) \(counts)".prefix(max(0, width - 1))) }
    let filled = Int(fraction * Double(room))
    let bar = String(repeating: "=", count: filled) + (filled < room ? ">" : "")
    return "\(title) [\(bar.padding(to: room))] \(counts)"
  }

  /// Seconds as `0:44`, `12:05` or `3:07:00`.
  package static func clock(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? Int(min(max(0, seconds.rounded()), 1e9)) : 0
    let twoDigits = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
    let minutes = whole / 60
    guard minutes >= 60 else { return "\(minutes):\(twoDigits(whole % 60))" }
    return "\(minutes / 60):\(twoDigits(minutes % 60)):\(twoDigits(whole % 60))"
  }

  private static func isVisible(on descriptor: CInt) -> Bool {
    guard isatty(descriptor) == 1, let type = getenv("TERM") else { return false }
    return !["", "dumb"].contains(String(cString: type))
  }

  private static func width(of descriptor: CInt) -> Int {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}

extension String {
  /// The text with spaces before it, to a width.
  func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
