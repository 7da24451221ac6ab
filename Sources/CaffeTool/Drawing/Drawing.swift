/// A picture made of lines, boxes and text, to be saved as SVG or PNG.
///
/// The unit is a pixel of SVG; y grows downwards. Text is set in a font whose letters are 0.6 of its size wide.
struct Drawing {
  struct Point: Hashable {
    var x: Double
    var y: Double
  }

  struct Color: Hashable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    init(_ hex: UInt32) {
      (red, green, blue) = (UInt8(hex >> 16 & 0xFF), UInt8(hex >> 8 & 0xFF), UInt8(hex & 0xFF))
    }

    static let black = Color(0x222222)
    static let gray = Color(0x888888)
    static let faint = Color(0xDDDDDD)
    static let white = Color(0xFFFFFF)
  }

  enum Anchor { case start, middle, end }

  enum Element {
    case line([Point], Color, width: Double)
    case polygon([Point], Color)
    case box(x: Double, y: Double, width: Double, height: Double, fill: Color, stroke: Color)
    /// `y` is the middle of the letters' height; turned text reads upwards.
    case text(String, at: Point, size: Double, Anchor, Color, isTurned: Bool)
  }

  var width: Double
  var height: Double
  private(set) var elements: [Element] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  static func textWidth(_ text: String, size: Double) -> Double { 0.6 * size * Double(text.count) }

  mutating func line(_ points: [Point], _ color: Color, width: Double = 1) {
    elements.append(.line(points, color, width: width))
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: Color, width: Double = 1) {
    line([Point(x: x1, y: y1), Point(x: x2, y: y2)], color, width: width)
  }

  mutating func polygon(_ points: [Point], _ color: Color) { elements.append(.polygon(points, color)) }

  mutating func box(x: Double, y: Double, width: Double, height: Double, fill: Color, stroke: Color) {
    elements.append(.box(x: x, y: y, width: width, height: height, fill: fill, stroke: stroke))
  }

  mutating func text(
    _ text: String, x: Double, y: Double, size: Double = 10, _ anchor: Anchor = .middle, _ color: Color = .black,
    isTurned: Bool = false
  ) {
    elements.append(.text(text, at: Point(x: x, y: y), size: size, anchor, color, isTurned: isTurned))
  }

  /// Saves the picture in the format that the name's ending asks for.
  func write(to path: String) throws {
    if path.hasSuffix(".svg") {
      try writeFile(Array(svg.utf8), to: path)
    } else if path.hasSuffix(".png") {
      try writeFile(Raster(self).bitmap.png(), to: path)
    } else {
      throw ToolError("\(path): give a name that ends in .svg or .png")
    }
  }
}
