import Caffe

/// A drawing in pixels, two for each of its units so that lines and letters are crisp.
package struct Raster {
  package let width: Int
  package let height: Int
  private let zoom: Double
  /// Blue, green and red of each pixel, row by row.
  private var pixels: [UInt8]

  package var bitmap: Bitmap { Bitmap(height: height, width: width, channels: 3, pixels: pixels) }

  /// A white canvas.
  package init(width: Int, height: Int, zoom: Double = 1) {
    self.width = max(1, width)
    self.height = max(1, height)
    self.zoom = zoom
    pixels = Array(repeating: 255, count: 3 * self.width * self.height)
  }

  package init(_ drawing: Drawing) {
    // A very large picture is drawn smaller.
    let zoom = min(2, (1e8 / max(1, drawing.width * drawing.height)).squareRoot())
    self.init(width: Int(drawing.width * zoom), height: Int(drawing.height * zoom), zoom: zoom)
    for element in drawing.elements { draw(element) }
  }

  private mutating func draw(_ element: Drawing.Element) {
    switch element {
    case .line(let points, let color, let width):
      for (from, to) in zip(points, points.dropFirst()) { line(scaled(from), scaled(to), color, width: width * zoom) }
    case .polygon(let points, let color):
      polygon(points.map(scaled), color)
    case .box(let x, let y, let width, let height, let fill, let stroke):
      let corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)].map {
        scaled(Drawing.Point(x: $0.0, y: $0.1))
      }
      polygon(corners, fill)
      for index in 0..<4 { line(corners[index], corners[(index + 1) % 4], stroke, width: zoom) }
    case .text(let text, let point, let size, let anchor, let color, let isTurned):
      let start =
        switch anchor {
        case .start: 0.0
        case .middle: -Drawing.textWidth(text, size: size) / 2
        case .end: -Drawing.textWidth(text, size: size)
        }
      let center = scaled(point)
      write(text, at: center, from: start * zoom, scale: max(1, Int((size * zoom / 10).rounded())), color, isTurned)
    }
  }

  private func scaled(_ point: Drawing.Point) -> Drawing.Point {
    Drawing.Point(x: point.x * zoom, y: point.y * zoom)
  }

  /// A line with round ends: a pixel is covered by how far it is within half the width of the segment.
  private mutating func line(_ from: Drawing.Point, _ to: Drawing.Point, _ color: Drawing.Color, width: Double) {
    let (dx, dy) = (to.x - from.x, to.y - from.y)
    let square = dx * dx + dy * dy
    cover(
      from: (min(from.x, to.x), min(from.y, to.y)), to: (max(from.x, to.x), max(from.y, to.y)), margin: width, color
    ) {
      x, y in
      let along = square > 0 ? min(1, max(0, ((x - from.x) * dx + (y - from.y) * dy) / square)) : 0
      let (nearX, nearY) = (from.x + along * dx - x, from.y + along * dy - y)
      return 0.5 + width / 2 - (nearX * nearX + nearY * nearY).squareRoot()
    }
  }

  /// A convex polygon: a pixel is covered by how far it is within all edges.
  private mutating func polygon(_ points: [Drawing.Point], _ color: Drawing.Color) {
    guard points.count > 2 else { return }
    let edges = zip(points, points.dropFirst() + [points[0]]).map { from, to in
      let length = ((to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y)).squareRoot()
      return (from, (to.x - from.x) / max(length, 1e-9), (to.y - from.y) / max(length, 1e-9))
    }
    let middle = Drawing.Point(
      x: points.reduce(0) { $0 + $1.x } / Double(points.count), y: points.reduce(0) { $0 + $1.y } / Double(points.count)
    )
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    cover(from: (xs.min() ?? 0, ys.min() ?? 0), to: (xs.max() ?? 0, ys.max() ?? 0), margin: 1, color) { x, y in
      edges.reduce(1) { coverage, edge in
        let (from, dx, dy) = edge
        let side = dx * (y - from.y) - dy * (x - from.x)
        // The middle of the polygon is inside, whichever way round its corners are given.
        let inside = dx * (middle.y - from.y) - dy * (middle.x - from.x)
        return min(coverage, 0.5 + (inside < 0 ? -side : side))
      }
    }
  }

  private mutating func cover(
    from low: (Double, Double), to high: (Double, Double), margin: Double, _ color: Drawing.Color,
    _ coverage: (Double, Double) -> Double
  ) {
    guard [low.0, low.1, high.0, high.1].allSatisfy(\.isFinite) else { return }
    let columns =
      clamped(low.0 - margin, width)..<max(clamped(low.0 - margin, width), clamped(high.0 + margin + 1, width))
    let rows =
      clamped(low.1 - margin, height)..<max(clamped(low.1 - margin, height), clamped(high.1 + margin + 1, height))
    for y in rows {
      for x in columns { blend(x, y, color, coverage(Double(x) + 0.5, Double(y) + 0.5)) }
    }
  }

  private func clamped(_ value: Double, _ limit: Int) -> Int { Int(min(max(0, value), Double(limit))) }

  /// Writes letters of 5×7 dots, `scale` pixels each, beginning `start` pixels before or behind a point.
  package mutating func write(
    _ text: String, at point: Drawing.Point, from start: Double = 0, scale: Int, _ color: Drawing.Color,
    _ isTurned: Bool = false
  ) {
    for (index, character) in text.enumerated() {
      let columns = BitmapFont.columns(of: character)
      for (column, dots) in columns.enumerated() {
        for row in 0..<7 where dots >> UInt8(row) & 1 == 1 {
          for dot in 0..<scale * scale {
            let along = Int(start) + (6 * index + column) * scale + dot % scale
            let across = (2 * row - 7) * scale / 2 + dot / scale
            if isTurned {
              blend(Int(point.x) + across, Int(point.y) - along, color, 1)
            } else {
              blend(Int(point.x) + along, Int(point.y) + across, color, 1)
            }
          }
        }
      }
    }
  }

  /// Fills a rectangle.
  package mutating func fill(x: Int, y: Int, width: Int, height: Int, _ color: Drawing.Color) {
    for row in y..<y + height {
      for column in x..<x + width { blend(column, row, color, 1) }
    }
  }

  /// Copies an image of one or three channels; what sticks out is left away.
  package mutating func copy(_ image: Bitmap, x: Int, y: Int) {
    for row in 0..<image.height {
      for column in 0..<image.width where (0..<width).contains(x + column) && (0..<height).contains(y + row) {
        for channel in 0..<3 {
          let source = (row * image.width + column) * image.channels + min(channel, image.channels - 1)
          pixels[3 * ((y + row) * width + x + column) + channel] = image.pixels[source]
        }
      }
    }
  }

  private mutating func blend(_ x: Int, _ y: Int, _ color: Drawing.Color, _ coverage: Double) {
    guard coverage > 0, (0..<width).contains(x), (0..<height).contains(y) else { return }
    let share = min(1, coverage)
    let start = 3 * (y * width + x)
    for (channel, value) in [color.blue, color.green, color.red].enumerated() {
      pixels[start + channel] = UInt8((Double(pixels[start + channel]) * (1 - share) + Double(value) * share).rounded())
    }
  }
}
