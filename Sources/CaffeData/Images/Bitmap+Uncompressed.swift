public import FoundationEssentials

extension Bitmap {
  /// A BMP file as OpenCV writes it: 24 bits a pixel, or 8 and a palette of grays. Alpha is lost.
  public var bmp: Data {
    let isGray = channels == 1
    let rowSize = width * (isGray ? 1 : 3)
    let stride = (rowSize + 3) / 4 * 4
    let palette = isGray ? (0...255).flatMap { [$0, $0, $0, 0] as [UInt8] } : []
    let start = 54 + palette.count
    var file = Data("BM".utf8)
    func append(_ value: Int, _ count: Int) {
      for byte in 0..<count { file.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    for value in [start + stride * height, 0, start, 40, width, height] { append(value, 4) }
    append(1, 2)
    append(isGray ? 8 : 24, 2)
    // Not compressed; the rest may be 0.
    for _ in 0..<6 { append(0, 4) }
    file += palette
    let filling = Data(count: stride - rowSize)
    for row in (0..<height).reversed() {
      let pixels = pixels[row * width * channels..<(row + 1) * width * channels]
      if channels == 4 {
        for (index, byte) in pixels.enumerated() where index % 4 < 3 { file.append(byte) }
      } else {
        file += pixels
      }
      file += filling
    }
    return file
  }

  /// A PGM file of a gray image, a PPM file of another, both in bytes. Alpha is lost.
  public var pnm: Data {
    var file = Data("\(channels == 1 ? "P5" : "P6")\n\(width) \(height)\n255\n".utf8)
    if channels == 1 { return file + pixels }
    for pixel in stride(from: 0, to: pixels.count, by: channels) {
      file.append(contentsOf: [pixels[pixel + 2], pixels[pixel + 1], pixels[pixel]])
    }
    return file
  }
}
