import Foundation
import Testing

/// A log of the original's command line, against which a run is compared.
struct RecordedLog {
  private let lines: [Substring]

  /// Reads a recording: a line with the command, one with its exit code, then the log.
  init(_ name: String, in folder: Scratch) throws {
    let text = try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
    lines = Array(text.split(separator: "\n").dropFirst(2))
  }

  /// Demands that a run printed the same lines with the same numbers, up to rounding.
  func expectSame(_ run: Run, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let expected = lines.map(String.init).filter(Self.isCompared)
    let found = run.messages.map(Self.withoutSpeed).filter(Self.isCompared)
    for (found, expected) in zip(found, expected) where !Self.agree(found, expected) {
      Issue.record("printed \"\(found)\" in place of \"\(expected)\"", sourceLocation: sourceLocation)
      return
    }
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
  }

  /// Left out are blank lines and what tells of the original's insides: reading HDF5 (twice over), and helper layers
  /// inside losses; and what the original does not say: what became of the weights.
  private static func isCompared(_ line: String) -> Bool {
    let insides = [
      "Loading list of HDF5", "Number of HDF5 files", "Datatype class", "Creating layer ",
    ]
    return !line.isEmpty && !insides.contains { line.hasPrefix($0) }
      && !line.contains(#/^\d+ layers? .*(the file|the net)/#)
  }

  private static func withoutSpeed(_ line: String) -> String {
    line.replacing(#/\([^()]* iters\)/#, with: "(SPEED)")
  }

  private static func agree(_ a: String, _ b: String) -> Bool {
    let words = { (line: String) in line.split(omittingEmptySubsequences: false) { " (),;".contains($0) } }
    let (a, b) = (words(a), words(b))
    return a.count == b.count
      && zip(a, b).allSatisfy { a, b in
        if a == b { return true }
        guard let x = Double(a), let y = Double(b) else { return false }
        return abs(x - y) <= 1e-4 * max(1, abs(y))
      }
  }
}
