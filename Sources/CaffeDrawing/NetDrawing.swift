import Caffe
import Logging

/// A net as a picture: a box for each layer, with what is known of its shapes and costs.
package struct NetDrawing {
  /// The direction in which the layers follow one another.
  package enum Direction: String, CaseIterable {
    case leftToRight = "LR"
    case rightToLeft = "RL"
    case topToBottom = "TB"
    case bottomToTop = "BT"

    package var isHorizontal: Bool { self == .leftToRight || self == .rightToLeft }
  }

  private struct Box {
    var type: String
    var lines: [String]
    var width: Double { (lines.map { Drawing.textWidth($0, size: 10) }.max() ?? 0) + 16 }
    var height: Double { 14 * Double(lines.count) + 8 }
  }

  private var boxes: [Box] = []
  private var edges: [(from: Int, to: Int)] = []
  private let title: String

  /// Draws the layers of a phase, or of both, with shapes and costs where the net can be built, which takes the data that its
  /// layers name.
  ///
  /// - Parameter warn: told why shapes and costs are missing.
  package init(
    _ definition: NetDefinition, phase: Phase?, showsRates: Bool = false, warn: (String) -> Void = { _ in }
  ) throws {
    var costs: [String: LayerCost] = [:]
    var failure: (any Error)?
    // What building the net tells is of no interest here.
    let silent = Logger(label: "caffe") { _ in SwiftLogNoOpLogHandler() }
    for phase in phase.map({ [$0] }) ?? [.test, .train] {
      do {
        let net = try Net(definition, phase: phase, in: .standard(seed: 0, engine: .reference, logger: silent))
        costs.merge(LayerCost.all(of: net)) { first, _ in first }
      } catch {
        failure = error
      }
    }
    if costs.isEmpty, let failure { warn("Shapes and costs are left out: \(failure)") }

    var layers = definition.parameter.layer
    if let phase {
      var state = definition.parameter.state
      state.phase = phase
      layers = try definition.parameter.indicesOfLayers(in: state, logger: silent).map { layers[$0] }
    }
    guard !layers.isEmpty else { throw NetError("there are no layers to draw") }
    self.init(definition.parameter, layers: layers, costs: costs, showsRates: showsRates)
  }

  private init(_ net: NetParameter, layers: [LayerDefinition], costs: [String: LayerCost], showsRates: Bool) {
    /// The boxes that a blob comes from: several, when layers of different phases make it.
    var sources: [String: [Int]] = [:]
    for layer in layers {
      var lines = ["\(layer.name) (\(layer.type))"]
      if let settings = layer.settings { lines.append(settings) }
      if showsRates, !layer.param.isEmpty {
        lines.append("lr " + layer.param.map { ($0.hasLrMult ? $0.lrMult : 1).shortText }.joined(separator: ", "))
      }
      // A layer that works in place is written into the box of its blob.
      if layer.bottom == layer.top, layer.bottom.count == 1, let owners = sources[layer.bottom[0]], owners.count == 1 {
        boxes[owners[0]].lines.insert(contentsOf: lines, at: boxes[owners[0]].lines.count)
        continue
      }
      if let cost = costs[layer.name] { lines += cost.lines }
      for name in Set(layer.bottom).sorted() {
        for source in sources[name] ?? [] { edges.append((source, boxes.count)) }
      }
      for name in layer.top {
        let isReplaced = layer.bottom.contains(name)
        sources[name] = (isReplaced ? [] : sources[name] ?? []) + [boxes.count]
      }
      boxes.append(Box(type: layer.type, lines: lines))
    }
    let total = layers.compactMap { costs[$0.name] }
    let sums =
      total.isEmpty
      ? "" : ": " + LayerCost.text(total.reduce(0) { $0 + $1.parameters }, total.reduce(0) { $0 + $1.multiplies })
    title = (net.name.isEmpty ? "net" : net.name) + sums
  }

  package func drawing(_ direction: Direction) -> Drawing {
    let isHorizontal = direction.isHorizontal
    let layout = GraphLayout(
      lengths: boxes.map { isHorizontal ? $0.width : $0.height },
      breadths: boxes.map { isHorizontal ? $0.height : $0.width }, edges: edges)
    let (margin, head) = (16.0, 36.0)
    let size = isHorizontal ? (layout.length, layout.breadth) : (layout.breadth, layout.length)
    var drawing = Drawing(
      width: max(size.0, Drawing.textWidth(title, size: 15)) + 2 * margin, height: size.1 + margin + head)
    func point(_ along: Double, _ across: Double) -> Drawing.Point {
      let along = [.rightToLeft, .bottomToTop].contains(direction) ? layout.length - along : along
      return Drawing.Point(x: margin + (isHorizontal ? along : across), y: head + (isHorizontal ? across : along))
    }

    drawing.text(title, x: margin, y: head / 2, size: 15, .start)
    for (index, edge) in edges.enumerated() {
      let reach = { (node: Int) in (isHorizontal ? boxes[node].width : boxes[node].height) / 2 }
      let end = point(layout.along[edge.to] - reach(edge.to), layout.across[edge.to])
      let way =
        [point(layout.along[edge.from] + reach(edge.from), layout.across[edge.from])]
        + layout.bends[index].map { point($0.along, $0.across) } + [end]
      drawing.line(way, .gray)
      drawing.polygon(Self.arrowHead(from: way[way.count - 2], to: end), .gray)
    }
    for (index, box) in boxes.enumerated() {
      let middle = point(layout.along[index], layout.across[index])
      drawing.box(
        x: middle.x - box.width / 2, y: middle.y - box.height / 2, width: box.width, height: box.height,
        fill: Self.color(of: box.type), stroke: .gray)
      for (line, text) in box.lines.enumerated() {
        drawing.text(text, x: middle.x, y: middle.y - box.height / 2 + 11 + 14 * Double(line))
      }
    }
    return drawing
  }

  private static func arrowHead(from: Drawing.Point, to: Drawing.Point) -> [Drawing.Point] {
    let (dx, dy) = (to.x - from.x, to.y - from.y)
    let length = max(1e-9, (dx * dx + dy * dy).squareRoot())
    let (x, y) = (8 * dx / length, 8 * dy / length)
    return [
      to, Drawing.Point(x: to.x - x - y / 2.5, y: to.y - y + x / 2.5),
      Drawing.Point(x: to.x - x + y / 2.5, y: to.y - y - x / 2.5),
    ]
  }

  private static func color(of type: String) -> Drawing.Color {
    switch type {
    case "Convolution", "Deconvolution": Drawing.Color(0xFFD9D0)
    case "Pooling", "SPP": Drawing.Color(0xFFE9B8)
    case "InnerProduct", "Embed", "LSTM", "RNN": Drawing.Color(0xDCD0F5)
    case _ where type.hasSuffix("Data") || type == "Input": Drawing.Color(0xD5EFD0)
    case _ where type.contains("Loss") || type == "Accuracy": Drawing.Color(0xF8C8DC)
    default: Drawing.Color(0xD8E8F8)
    }
  }
}

/// The shapes that a layer puts out, and what it costs.
package struct LayerCost {
  package var shapes: [String]
  package var parameters: Int
  /// Multiplications for one item of the batch.
  package var multiplies: Int

  package var lines: [String] {
    let cost = parameters + multiplies > 0 ? [Self.text(parameters, multiplies)] : []
    return (shapes.isEmpty ? [] : [shapes.joined(separator: ", ")]) + cost
  }

  package static func text(_ parameters: Int, _ multiplies: Int) -> String {
    "\(short(parameters)) parameters, \(short(multiplies)) multiplies"
  }

  private static func short(_ number: Int) -> String {
    for (unit, size) in [("G", 1e9), ("M", 1e6), ("k", 1e3)] where Double(number) >= size {
      return FloatText.sixDigits((Double(number) / size * 100).rounded() / 100) + " " + unit
    }
    return "\(number)"
  }

  /// What there is to know about each layer of a net that has been built, by name.
  package static func all(of net: Net) -> [String: LayerCost] {
    var costs: [String: LayerCost] = [:]
    for (index, node) in net.layers.enumerated() where node.type != "Split" {
      let parameters = net.parameters.filter { $0.layer == index }
      costs[node.name] = LayerCost(
        shapes: node.tops.map { $0.shape.dimensions.map(String.init).joined(separator: "x") },
        parameters: parameters.filter { !$0.isShared }.reduce(0) { $0 + $1.blob.count },
        multiplies: multiplies(of: node, weights: parameters.first?.blob.count ?? 0))
    }
    return costs
  }

  /// The multiplications of each layer for one item of the batch, in order; only convolutions and inner products count.
  package static func multiplies(of net: Net) -> [Int] {
    net.layers.map { multiplies(of: $0, weights: $0.layer.parameters.first?.count ?? 0) }
  }

  /// Each weight of a convolution is used at each place of the output (or of the input, in a deconvolution).
  private static func multiplies(of node: LayerNode, weights: Int) -> Int {
    switch node.type {
    case "Convolution": weights * places(of: node.tops[0], node.definition.convolutionParam)
    case "Deconvolution": weights * places(of: node.bottoms[0], node.definition.convolutionParam)
    case "InnerProduct": weights
    default: 0
    }
  }

  private static func places(of blob: Blob, _ parameter: ConvolutionParameter) -> Int {
    let axis = (try? blob.shape.axis(Int(parameter.axis))) ?? 1
    return axis + 1 < blob.shape.rank ? blob.shape.count((axis + 1)...) : 1
  }
}

extension LayerDefinition {
  /// The settings that matter most for the layer's shapes.
  fileprivate var settings: String? {
    switch type {
    case "Convolution", "Deconvolution":
      let parameter = convolutionParam
      let kernel = extent(parameter.kernelSize, parameter.hasKernelH, parameter.kernelH, parameter.kernelW)
      let stride = extent(parameter.stride, parameter.hasStrideH, parameter.strideH, parameter.strideW)
      let pad = extent(parameter.pad, parameter.hasPadH, parameter.padH, parameter.padW)
      return ["\(parameter.numOutput) of \(kernel ?? "?")", stride.map { "stride \($0)" }, pad.map { "pad \($0)" }]
        .compactMap(\.self).joined(separator: ", ")
    case "Pooling":
      let parameter = poolingParam
      let kernel = extent([parameter.kernelSize], parameter.hasKernelH, parameter.kernelH, parameter.kernelW)
      let stride = extent([parameter.stride], parameter.hasStrideH, parameter.strideH, parameter.strideW)
      return "\(parameter.pool) ".lowercased()
        + (parameter.globalPooling ? "of everything" : "\(kernel ?? "?"), stride \(stride ?? "1")")
    case "InnerProduct": return "\(innerProductParam.numOutput) outputs"
    default: return nil
    }
  }

  private func extent(_ sizes: [UInt32], _ hasHeight: Bool, _ height: UInt32, _ width: UInt32) -> String? {
    if hasHeight { return "\(height)x\(width)" }
    guard let first = sizes.first else { return nil }
    return sizes.count == 1 ? "\(first)x\(first)" : sizes.map(String.init).joined(separator: "x")
  }
}
