import ArgumentParser
import CaffeDrawing
import CaffeLog

/// `plot_training_log`: draws losses, accuracies and rates of training logs.
struct PlotTrainingLog: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "plot_training_log",
    abstract: "draw the curves of training logs",
    usage: "plot_training_log <chart_type> <picture> <log> ...",
    discussion: "Chart types:\n" + Chart.all.enumerated().map { "  \($0): \($1.title)" }.joined(separator: "\n"))

  @Argument(help: ArgumentHelp("The chart, 0 to \(Chart.all.count - 1).", valueName: "chart_type"))
  var type: Int

  @Argument(help: ArgumentHelp("The picture to write (.svg or .png).", valueName: "picture"))
  var picture: String

  @Argument(help: ArgumentHelp("Logs of caffe train, drawn into one chart.", valueName: "log"))
  var logs: [String]

  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard Chart.all.indices.contains(type) else {
      throw ValidationError("\(type) is not a valid chart type; give 0 to \(Chart.all.count - 1).")
    }
    guard picture.hasSuffix(".svg") || picture.hasSuffix(".png") else {
      throw ValidationError("\(picture): give a name that ends in .svg or .png.")
    }
  }

  func run(in session: Session) throws {
    let chart = Chart.all[type]
    var curves: [Curve] = []
    for path in logs {
      let log = try TrainingLog(contentsOf: path)
      for quantity in chart.quantities {
        let name = chart.quantities.count > 1 ? "\(log.name): \(quantity.rawValue)" : log.name
        let points = quantity.points(of: log, over: chart.axis)
        if points.isEmpty { session.log.warning("\(path) has no values for \"\(quantity.rawValue)\".") }
        curves.append(Curve(name: name, points: points))
      }
    }
    guard curves.contains(where: { !$0.points.isEmpty }) else {
      throw ToolError("There is nothing to draw for \"\(chart.title)\"; is display or test_interval set in the solver?")
    }
    let drawing = drawCurves(
      curves, title: chart.title, x: chart.axis.rawValue, y: chart.quantities.map(\.rawValue).joined(separator: ", "))
    try drawing.write(to: picture)
  }
}

/// A kind of picture: what is drawn over what.
struct Chart {
  enum Axis: String, CaseIterable {
    case iterations = "Iters"
    case seconds = "Seconds"
  }

  enum Quantity: String, CaseIterable {
    case testAccuracy = "Test accuracy"
    case testLoss = "Test loss"
    case rate = "Train learning rate"
    case trainLoss = "Train loss"

    func points(of log: TrainingLog, over axis: Axis) -> [Drawing.Point] {
      let accuracy = TrainingLog.Output.first(named: "accuracy", orNumber: 0, in: log)
      let loss = TrainingLog.Output.first(named: "loss", orNumber: 1, in: log)
      return log.entries.compactMap { entry in
        let value: Double? =
          switch (self, entry.fact) {
          case (.trainLoss, .loss(let text)), (.rate, .rate(let text)): Double(text)
          case (.testAccuracy, .output(.test, let number, _, let text)) where number == accuracy: Double(text)
          case (.testLoss, .output(.test, let number, _, let text)) where number == loss: Double(text)
          default: nil
          }
        guard let value, abs(value) < 1e100 else { return nil }
        return Drawing.Point(x: axis == .seconds ? entry.seconds : Double(entry.iteration), y: value)
      }
    }
  }

  var quantities: [Quantity]
  var axis: Axis

  var title: String {
    quantities.map(\.rawValue).joined(separator: " and ") + " vs. " + axis.rawValue
  }

  /// Each quantity over each axis, in the original's order, and both losses together.
  static let all =
    Quantity.allCases.flatMap { quantity in Axis.allCases.map { Chart(quantities: [quantity], axis: $0) } }
    + [Chart(quantities: [.trainLoss, .testLoss], axis: .iterations)]
}

extension TrainingLog {
  enum Output {
    /// The number of the first test output whose name contains a word; else the given one, which has that role in Caffe's
    /// examples.
    static func first(named word: String, orNumber number: Int, in log: TrainingLog) -> Int {
      for entry in log.entries {
        if case .output(.test, let number, let name, _) = entry.fact, name.lowercased().contains(word) { return number }
      }
      return number
    }
  }
}
