/// The outputs of one phase as a table: a row for each display or test, a column for each output.
package struct TrainingTable {
  package struct Row {
    package var iteration: Int
    package var seconds: Double
    package var rate: Double
    package var values: [(name: String, value: Double)] = []

    package subscript(name: String) -> Double? {
      get { values.first { $0.name == name }?.value }
      set {
        guard let newValue else { return }
        if let index = values.firstIndex(where: { $0.name == name }) {
          // Of several outputs with one name, the last one counts.
          values[index].value = newValue
        } else {
          values.append((name, newValue))
        }
      }
    }
  }

  package private(set) var rows: [Row] = []

  /// The rate is logged behind the outputs, so a row has the rate of the display before; the first one has the next one's.
  package init(_ log: TrainingLog, _ phase: TrainingLog.Phase) {
    var rate = Double.nan
    var row: Row?
    for entry in log.entries {
      switch entry.fact {
      case .rate(let text): rate = Double(text) ?? rate
      case .output(phase, number: _, let name, let value):
        if let finished = row, finished.iteration != entry.iteration {
          rows.append(finished)
          row = nil
        }
        if row == nil { row = Row(iteration: entry.iteration, seconds: entry.seconds, rate: rate) }
        row?[name] = Double(value)
        // The first row shows how many columns make a whole one.
        if let full = row, let first = rows.first, full.values.count == first.values.count {
          rows.append(full)
          row = nil
        }
      default: continue
      }
    }
    // A log with a single display; behind others, an unfinished row is one that was interrupted.
    if let row, rows.isEmpty { rows.append(row) }
    if rows.count > 1 { rows[0].rate = rows[1].rate }
  }

  /// The table as Python's csv module writes it; `nil` if it has no rows.
  package func csv(delimiter: String) -> String? {
    guard let first = rows.first else { return nil }
    let names = first.values.map(\.name)
    var lines = [["NumIters", "Seconds", "LearningRate"] + names]
    for row in rows {
      lines.append(
        ["\(Double(row.iteration))", "\(row.seconds)", "\(row.rate)"]
          + names.map { name in row[name].map { "\($0)" } ?? "" })
    }
    return lines.map { $0.map { quoted($0, delimiter) }.joined(separator: delimiter) + "\r\n" }.joined()
  }

  private func quoted(_ text: String, _ delimiter: String) -> String {
    guard text.contains("\"") || text.contains(delimiter) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
  }
}

extension TrainingLog {
  /// The tables of the shell script: blanks between columns, and numbers as they stand in the log.
  ///
  /// Test has the first two outputs, which are the accuracy and the loss in Caffe's examples; train has the smoothed loss.
  package func columns(_ phase: Phase) -> String {
    var rows: [[String]] = []
    var rates: [String] = []
    for entry in entries {
      let start = ["\(entry.iteration)", Self.seconds(entry.time)]
      switch (phase, entry.fact) {
      case (.test, .testing): rows.append(start)
      case (.test, .output(.test, let number, _, let value)) where number < 2 && !rows.isEmpty:
        if rows[rows.count - 1].count == 2 + number { rows[rows.count - 1].append(value) }
      case (.train, .loss(let value)): rows.append(start + [value])
      case (.train, .rate(let rate)): rates.append(rate)
      default: continue
      }
    }
    if phase == .train { rows = rows.enumerated().map { $1 + (rates.count > $0 ? [rates[$0]] : []) } }
    let header = phase == .test ? "#Iters Seconds TestAccuracy TestLoss" : "#Iters Seconds TrainingLoss LearningRate"
    let widths = (0..<4).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    let lines = rows.map { row in
      row.enumerated().map { $0 + 1 < row.count ? $1.padding(to: widths[$0]) : $1 }.joined(separator: "  ")
    }
    return ([header] + lines).map { $0 + "\n" }.joined()
  }

  /// Seconds with six decimals.
  package static func seconds(_ microseconds: Int) -> String {
    let fraction = String(microseconds.magnitude % 1_000_000)
    let sign = microseconds < 0 ? "-" : ""
    return
      "\(sign)\(microseconds.magnitude / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
  }
}
