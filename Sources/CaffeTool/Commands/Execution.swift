import Caffe
import CaffeLog

/// What a benchmark saw of each step of the forward passes.
struct Execution {
  struct Step {
    let names: [String]
    let kernel: String
    let layout: String
    let work: Work
    var times: [Duration] = []

    var median: Duration { times.median }
  }

  private(set) var steps: [[Int]: Step] = [:]
  private(set) var order: [[Int]] = []
  private let net: Net

  init(of net: Net) { self.net = net }

  /// Notes what a step is; this takes time, so it is done in a pass that nobody measures.
  mutating func describe(_ step: ExecutedStep) {
    note(
      step.layers, kernel: step.kernel, layout: step.results.first.map { layout(of: $0.data, $0.shape) },
      Work(of: step.layers, in: net))
  }

  /// Notes what the backward pass of a layer is.
  mutating func describeBackward(of index: Int) {
    let node = net.layers[index]
    let result = node.bottoms.indices.first { node.propagation[$0] }.map { node.bottoms[$0] }
    note(
      [index], kernel: (node.layer as? any Explained)?.backwardKernel,
      layout: result.map { layout(of: $0.diff, $0.shape) }, Work(backwardOf: index, in: net))
  }

  private mutating func note(_ layers: [Int], kernel: String?, layout: String?, _ work: Work) {
    guard steps[layers] == nil else { return }
    order.append(layers)
    steps[layers] = Step(
      names: layers.map { net.layers[$0].name }, kernel: kernel ?? "loop", layout: layout ?? "", work: work)
  }

  mutating func add(_ duration: Duration, to layers: [Int]) { steps[layers]?.times.append(duration) }

  private func layout(of buffer: Buffer, _ shape: Shape) -> String {
    guard let order = net.engine.order(of: buffer, shape) else {
      return buffer.isInEngineForm ? net.precision == .bfloat16 ? "bf16" : "own" : "rows"
    }
    let isChannelsLast = shape.rank > 1 && order.channelBlock == shape[1]
    return isChannelsLast ? "channels last" : order.channelBlock.map { "blocks of \($0)" } ?? "own"
  }

  /// A table of all steps, in the order in which they run.
  ///
  /// The share of the limit counts the products of the plain algorithm, and values as if they came from memory: Winograd's
  /// algorithm, pixels that a plan leaves out and caches may go beyond it.
  func table(limits: MachineLimits) -> [String] {
    let rows = order.compactMap { steps[$0] }.filter { !$0.times.isEmpty }
    let total = rows.reduce(Duration.zero) { $0 + $1.median }
    let titles = ["time", "share", "GFLOP/s", "GB/s", "of limit", "kernel", "layout", "layers"]
    let cells = rows.map { row -> [String] in
      let seconds = row.median / .seconds(1)
      let share = limits.share(of: row.work, in: row.median)
      // What looks several times as fast as memory has moved nothing: it handed its values on, or where they lie.
      let isMeasurable = row.work.operations > 0 || share < 3
      return [
        "\(milliseconds(row.median)) ms", percent(row.median / total),
        isMeasurable && row.work.operations > 0 ? oneDigit(Double(row.work.operations) / seconds / 1e9) : "",
        isMeasurable && row.work.bytes > 0 ? oneDigit(Double(row.work.bytes) / seconds / 1e9) : "",
        isMeasurable && row.work.bytes > 0 ? percent(share) : "", row.kernel,
        row.layout, row.names.joined(separator: " + "),
      ]
    }
    let lines = [titles] + cells
    let widths = titles.indices.map { column in lines.map { $0[column].count }.max()! }
    return lines.map { line in
      let aligned = line.enumerated().map { column, cell in
        column < 5
          ? cell.leftPadded(to: widths[column]) : column < titles.count - 1 ? cell.padding(to: widths[column]) : cell
      }
      return aligned.joined(separator: "  ")
    }
  }

  private func percent(_ share: Double) -> String { share.isFinite ? "\(Int((share * 100).rounded())) %" : "" }

  private func oneDigit(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}

extension [Duration] {
  /// The middle one, or the mean of the two in the middle; zero of nothing.
  var median: Duration {
    let sorted = sorted()
    guard !isEmpty else { return .zero }
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}

/// The time to a microsecond, as the log prints numbers.
func milliseconds(_ time: Duration) -> String {
  FloatText.sixDigits((time / .microseconds(1)).rounded() / 1000)
}
