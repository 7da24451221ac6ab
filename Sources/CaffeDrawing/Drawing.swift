/// A picture made of lines, boxes and text, to be saved as SVG or PNG.
///
/// The unit is a pixel of SVG; y grows downwards. Text is set in a font whose letters are 0.6 of its size wide.
package struct Drawing: Sendable {
  package struct Point: Hashable, Sendable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  package struct Color: Hashable, Sendable {
    package var red: UInt8
    package var green: UInt8
    package var blue: UInt8

    package init(_ hex: UInt32) {
      (red, green, blue) = (UInt8(hex >> 16 & 0xFF), UInt8(hex >> 8 & 0xFF), UInt8(hex & 0xFF))
    }

    package static let black = Color(0x222222)
    package static let gray = Color(0x888888)
    package static let faint = Color(0xDDDDDD)
    package static let white = Color(0xFFFFFF)
  }

  package enum Anchor: Sendable { case start, middle, end }

  package enum Element: Sendable {
    case line([Point], Color, width: Double)
    case polygon([Point], Color)
    case box(x: Double, y: Double, width: Double, height: Double, fill: Color, stroke: Color)
    /// `y` is the middle of the letters' height; turned text reads upwards.
    case text(String, at: Point, size: Double, Anchor, Color, isTurned: Bool)
  }

  package var width: Double
  package var height: Double
  package private(set) var elements: [Element] = []

  package init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  package static func textWidth(_ text: String, size: Double) -> Double { 0.6 * size * Double(text.count) }

  package mutating func line(_ points: [Point], _ color: Color, width: Double = 1) {
    elements.append(.line(points, color, width: width))
  }

  package mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: Color, width: Double = 1)
  {
    line([Point(x: x1, y: y1), Point(x: x2, y: y2)], color, width: width)
  }

  package mutating func polygon(_ points: [Point], _ color: Color) { elements.append(.polygon(points, color)) }

  package mutating func box(x: Double, y: Double, width: Double, height: Double, fill: Color, stroke: Color) {
    elements.append(.box(x: x, y: y, width: width, height: height, fill: fill, stroke: stroke))
  }

  package mutating func text(
    _ text: String, x: Double, y: Double, size: Double = 10, _ anchor: Anchor = .middle, _ color: Color = .black,
    isTurned: Bool = false
  ) {
    elements.append(.text(text, at: Point(x: x, y: y), size: size, anchor, color, isTurned: isTurned))
  }

  package enum Format: String, CaseIterable, Sendable { case svg, png }

  /// The picture as a file of the format.
  package func encoded(as format: Format) throws -> [UInt8] {
    switch format {
    case .svg: Array(svg.utf8)
    case .png: Array(try Raster(self).bitmap.png())
    }
  }
}
