internal import CPNG
public import CaffeCore
public import FoundationEssentials

extension Bitmap {
  init(png file: UnsafeBufferPointer<UInt8>, _ options: DecodingOptions) throws(NetError) {
    let color = options.color
    var reader = caffe_png_reader()
    var header = caffe_png_header()
    defer { caffe_png_close(&reader) }
    guard caffe_png_open(&reader, file.baseAddress, file.count, &header) != 0 else {
      throw NetError(damaged: "PNG", text(of: reader.message))
    }
    // Its compression makes at most 1032 bytes of one.
    let bytes = Int(header.packed_row_bytes)
    try checkExtents(
      "PNG", Int(header.height), Int(header.width), fileSize: file.count,
      pixelsPerByte: max(1, 1032 * Int(header.width) / max(bytes, 1)), byteLimit: options.byteLimit)
    if color == .asStored, header.depth == 16 {
      throw NetError(
        "Image data type must be unsigned byte, but the PNG file has 16 bits per channel",
        remedy: "set force_color or force_gray in transform_param, or convert the images to 8 bits")
    }
    let channels =
      switch color {
      case .asStored: Self.channels(of: header)
      case .color: 3
      case .gray: 1
      }
    try self.init(Int(header.height), Int(header.width), channels) { pixels throws(NetError) in
      guard caffe_png_read(&reader, &header, CInt(channels), pixels.baseAddress) != 0 else {
        throw NetError(damaged: "PNG", text(of: reader.message))
      }
    }
  }

  /// As many as OpenCV keeps of a file: a transparent colour of a gray image is not among them.
  private static func channels(of header: caffe_png_header) -> Int {
    switch header.color_type {
    case PNG_COLOR_TYPE_GRAY: 1
    case PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB_ALPHA: 4
    default: header.has_transparency != 0 ? 4 : 3
    }
  }

  /// A PNG file as OpenCV writes it by default, made fast rather than small.
  public func png() throws(NetError) -> Data {
    var writer = caffe_png_writer()
    defer { caffe_png_finish(&writer) }
    guard caffe_png_write(&writer, CUnsignedInt(width), CUnsignedInt(height), CInt(channels), pixels) != 0,
      let bytes = writer.bytes
    else {
      throw NetError("the image of \(width)x\(height) cannot be written as PNG: \(text(of: writer.message))")
    }
    return Data(bytes: bytes, count: writer.count)
  }
}

/// The text in an array of C characters.
private func text<Characters>(of characters: Characters) -> String {
  withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
