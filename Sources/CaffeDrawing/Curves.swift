import Caffe

/// A named line of points.
package struct Curve {
  package var name: String
  package var points: [Drawing.Point]

  package init(name: String, points: [Drawing.Point]) {
    self.name = name
    self.points = points
  }
}

/// Draws curves over one pair of axes.
package func drawCurves(_ curves: [Curve], title: String, x xName: String, y yName: String) -> Drawing {
  var drawing = Drawing(width: 720, height: 480)
  let (left, right, top, bottom) = (80.0, 700.0, 40.0, 420.0)
  let points = curves.flatMap(\.points)
  let x = PlotAxis(points.map(\.x), from: left, to: right)
  let y = PlotAxis(points.map(\.y), from: bottom, to: top)

  drawing.text(title, x: (left + right) / 2, y: 20, size: 15)
  for tick in x.ticks {
    drawing.line(x.place(tick), top, x.place(tick), bottom, .faint)
    drawing.text(PlotAxis.text(tick), x: x.place(tick), y: bottom + 14)
  }
  for tick in y.ticks {
    drawing.line(left, y.place(tick), right, y.place(tick), .faint)
    drawing.text(PlotAxis.text(tick), x: left - 8, y: y.place(tick), .end)
  }
  drawing.line(left, top, left, bottom, .gray)
  drawing.line(left, bottom, right, bottom, .gray)
  drawing.text(xName, x: (left + right) / 2, y: bottom + 38)
  drawing.text(yName, x: 16, y: (top + bottom) / 2, isTurned: true)

  for (index, curve) in curves.enumerated() {
    let color = curveColors[index % curveColors.count]
    drawing.line(curve.points.map { Drawing.Point(x: x.place($0.x), y: y.place($0.y)) }, color, width: 1.5)
    // A single point makes no line.
    if curve.points.count == 1, let point = curve.points.first {
      let (x, y) = (x.place(point.x), y.place(point.y))
      drawing.polygon([(-3, 0), (0, -3), (3, 0), (0, 3)].map { Drawing.Point(x: x + $0.0, y: y + $0.1) }, color)
    }
  }
  let widest = curves.map { Drawing.textWidth($0.name, size: 10) }.max() ?? 0
  for (index, curve) in curves.enumerated() {
    let row = top + 12 + 16 * Double(index)
    drawing.line(
      right - widest - 40, row, right - widest - 20, row, curveColors[index % curveColors.count], width: 2)
    drawing.text(curve.name, x: right - widest - 14, y: row, .start)
  }
  return drawing
}

private let curveColors = [0x1F77B4, 0xD62728, 0x2CA02C, 0x9467BD, 0xFF7F0E, 0x17BECF, 0x8C564B, 0xE377C2].map(
  Drawing.Color.init)

/// Where numbers lie on the picture, and which of them are written at the axis.
package struct PlotAxis {
  private let low: Double
  private let high: Double
  private let start: Double
  private let end: Double
  package let ticks: [Double]

  package init(_ values: [Double], from start: Double, to end: Double) {
    self.start = start
    self.end = end
    var low = values.min() ?? 0
    var high = values.max() ?? 1
    if low == high { (low, high) = (low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2) }
    // Steps of 1, 2 or 5 times a power of ten, about six of them.
    let rough = (high - low) / 6
    var unit = 1.0
    while unit > rough { unit /= 10 }
    while unit * 10 <= rough { unit *= 10 }
    let step = unit * ([2, 5, 10].last { $0 * unit <= 1.5 * rough } ?? 1)
    let first = (low / step).rounded(.down)
    let last = (high / step).rounded(.up)
    self.low = first * step
    self.high = last * step
    ticks = last - first < 100 ? (0...Int(last - first)).map { (first + Double($0)) * step } : []
  }

  package func place(_ value: Double) -> Double { start + (value - low) / (high - low) * (end - start) }

  package static func text(_ value: Double) -> String { FloatText.sixDigits(value) }
}
