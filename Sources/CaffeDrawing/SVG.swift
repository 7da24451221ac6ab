extension Drawing {
  /// The picture as an SVG file.
  package var svg: String {
    let (width, height) = (Self.number(width), Self.number(height))
    var lines = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" \
      font-family="DejaVu Sans Mono, Menlo, Consolas, monospace">
      """,
      "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
    ]
    lines += elements.map(Self.tag)
    lines.append("</svg>")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func tag(_ element: Element) -> String {
    switch element {
    case .line(let points, let color, let width):
      return """
        <polyline points="\(list(points))" fill="none" stroke="\(hex(color))" stroke-width="\(number(width))" \
        stroke-linejoin="round"/>
        """
    case .polygon(let points, let color):
      return "<polygon points=\"\(list(points))\" fill=\"\(hex(color))\"/>"
    case .box(let x, let y, let width, let height, let fill, let stroke):
      return """
        <rect x="\(number(x))" y="\(number(y))" width="\(number(width))" height="\(number(height))" rx="3" \
        fill="\(hex(fill))" stroke="\(hex(stroke))"/>
        """
    case .text(let text, let point, let size, let anchor, let color, let isTurned):
      let (x, y) = (number(point.x), number(point.y))
      let turn = isTurned ? " transform=\"rotate(-90 \(x) \(y))\"" : ""
      // A font may have wider letters; the width that was reckoned with is enforced.
      return """
        <text x="\(x)" y="\(y)" font-size="\(number(size))" text-anchor="\(anchor)" dominant-baseline="central" \
        textLength="\(number(textWidth(text, size: size)))" fill="\(hex(color))"\(turn)>\(escaped(text))</text>
        """
    }
  }

  private static func list(_ points: [Point]) -> String {
    points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }

  private static func hex(_ color: Color) -> String {
    let value = Int(color.red) << 16 | Int(color.green) << 8 | Int(color.blue)
    let digits = String(value, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }

  /// Two decimals at most.
  private static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? String(Int(rounded)) : String(rounded)
  }

  private static func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      default: String(character)
      }
    }.joined()
  }
}
