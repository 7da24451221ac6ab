internal import CPNG
public import CaffeCore

/// The samples of an image of 16 bits each, as they are stored: gray, or red, green and blue.
public struct DeepImage {
  public let height: Int
  public let width: Int
  /// 1 or 3; transparency is left out.
  public let channels: Int
  public let samples: [UInt16]

  /// Decodes a PNG file of that depth.
  public init(png file: UnsafeBufferPointer<UInt8>) throws(NetError) {
    var reader = caffe_png_reader()
    var header = caffe_png_header()
    defer { caffe_png_close(&reader) }
    guard caffe_png_open(&reader, file.baseAddress, file.count, &header) != 0 else { throw Self.damaged(reader) }
    guard header.depth == 16 else { throw NetError("the PNG file has \(header.depth) bits per channel, not 16") }
    (height, width) = (Int(header.height), Int(header.width))
    channels = header.color_type & PNG_COLOR_MASK_COLOR == 0 ? 1 : 3
    // Its compression makes at most 1032 bytes of one.
    let count = try Shape(checking: [height, width, channels]).count
    guard 2 * count / 1032 <= file.count else {
      throw NetError("the PNG file claims to be \(width)x\(height), for which it is too small: it is damaged")
    }
    var samples = [UInt16](repeating: 0, count: count)
    guard caffe_png_read_deep(&reader, &header, &samples) != 0 else { throw Self.damaged(reader) }
    self.samples = samples
  }

  private static func damaged(_ reader: caffe_png_reader) -> NetError {
    let message = withUnsafeBytes(of: reader.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return NetError("the PNG file is damaged: \(message)")
  }
}
