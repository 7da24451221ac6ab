internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a log of `caffe train` tells about losses, outputs and rates, line by line.
package struct TrainingLog {
  package enum Phase: String, CaseIterable {
    case train = "Train"
    case test = "Test"
  }

  package enum Fact {
    /// A test begins.
    case testing
    /// The smoothed loss.
    case loss(String)
    case rate(String)
    case output(Phase, number: Int, name: String, value: String)
  }

  package struct Entry {
    package var iteration: Int
    /// Microseconds since the run began.
    package var time: Int
    package var fact: Fact

    package var seconds: Double { Double(time) / 1e6 }
  }

  package private(set) var entries: [Entry] = []
  /// The times of all lines with the word Iteration, in microseconds since the run began.
  package private(set) var iterationTimes: [Int] = []
  package let path: String

  /// The last part of the path.
  package var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  package init(contentsOf path: String) throws {
    self.path = path
    let text: [UInt8]
    do { text = try TextFile(path, mayHoldZeros: true).bytes } catch {
      throw LogError("\(path): cannot read this log: \(error)")
    }
    let lines = text.split(separator: UInt8(ascii: "\n")).map(LogLine.init)
    // Everything counts from the line that says that solving begins.
    guard let first = lines.firstIndex(where: { $0.contains("Solving") && LogTime($0) != nil }),
      let start = LogTime(lines[first])
    else {
      throw LogError("\(path): Start time not found: no line says \"Solving\", so this is no log of caffe train")
    }
    var year = Self.year(of: lines, path)
    var month = start.month
    let begin = start.microseconds(in: year)
    var iteration: Int?
    for line in lines[first...] {
      let mention = line.behind("Iteration")
      if let number = line.behind("Iteration ")?.prefix(of: "0123456789"), !number.isEmpty { iteration = Int(number) }
      guard mention != nil || iteration != nil, let time = LogTime(line) else { continue }
      if time.month < month, year < Self.years.upperBound { year += 1 }
      month = time.month
      let elapsed = time.microseconds(in: year) - begin
      if mention != nil { iterationTimes.append(elapsed) }
      if let iteration {
        entries += Self.facts(of: line).map { Entry(iteration: iteration, time: elapsed, fact: $0) }
      }
    }
  }

  private static func facts(of line: LogLine) -> [Fact] {
    var facts: [Fact] = []
    if line.contains("Testing net (#") { facts.append(.testing) }
    if let rate = line.behind("lr = ")?.prefix(of: numberCharacters), Double(rate) != nil { facts.append(.rate(rate)) }
    if line.contains("Iteration "), let loss = line.behind(", loss = ")?.word, !loss.isEmpty {
      facts.append(.loss(loss))
    }
    for phase in Phase.allCases {
      guard let rest = line.behind("\(phase.rawValue) net output #"), let behind = rest.behind(": "),
        let number = Int(rest.prefix(of: "0123456789")), let value = behind.behind(" = ")?.prefix(of: numberCharacters),
        Double(value) != nil
      else { continue }
      facts.append(.output(phase, number: number, name: behind.word, value: value))
    }
    return facts
  }

  /// A value such as nan has other letters and is no number to draw or to tabulate.
  private static let numberCharacters = "0123456789.eE+-"

  /// What four digits can tell.
  private static let years = 1...9999

  /// The year in which the log begins: the lines do not tell, but the head of a log file or the file's own time does.
  private static func year(of lines: [LogLine], _ path: String) -> Int {
    if let year = lines.first?.behind("Log file created at: ")?.prefix(of: "0123456789"), let year = Int(year),
      years.contains(year)
    {
      return year
    }
    var status = stat()
    #if canImport(Darwin)
      let moment = stat(path, &status) == 0 ? status.st_ctimespec : timespec()
    #else
      let moment = stat(path, &status) == 0 ? status.st_ctim : timespec()
    #endif
    return Int(LocalTime(moment).year) ?? 1970
  }
}
