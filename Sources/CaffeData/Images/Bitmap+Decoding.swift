public import CaffeCore
public import FoundationEssentials

/// What decoding an image takes besides its bytes.
public struct DecodingOptions: Hashable, Sendable {
  public var color: ColorMode
  /// Turn a JPEG as its EXIF tag says.
  public var obeysOrientation: Bool

  public init(color: ColorMode = .asStored, obeysOrientation: Bool = false) {
    self.color = color
    self.obeysOrientation = obeysOrientation
  }
}

extension Bitmap {
  /// Decodes a JPEG or PNG file to the very pixels that OpenCV gives, on a system with the same libjpeg-turbo.
  ///
  /// Gray of a colour JPEG is its luma; alpha is kept `asStored` and dropped otherwise; of 16 bits the upper eight remain,
  /// but not `asStored`, which Caffe refuses. The orientation in EXIF is obeyed only on demand.
  ///
  /// - Throws: `NetError` for files that are damaged, cut short, of another kind, or whose header promises more pixels
  ///   than so few bytes can hold. Memory is only taken once the header is known to be sound.
  public init(decoding file: Data, _ options: DecodingOptions = DecodingOptions()) throws(NetError) {
    guard !file.isEmpty else { throw NetError("the image file is empty", remedy: wayOut) }
    self = try file.withUnsafeBytes { bytes in
      Result { () throws(NetError) in try Self.decode(bytes.bindMemory(to: UInt8.self), options) }
    }.get()
  }

  private static func decode(
    _ file: UnsafeBufferPointer<UInt8>, _ options: DecodingOptions
  ) throws(NetError) -> Bitmap {
    if file.starts(with: [0xFF, 0xD8]) {
      let bitmap = try Bitmap(jpeg: file, options.color)
      return options.obeysOrientation ? bitmap.oriented(exifOrientation(ofJPEG: file)) : bitmap
    }
    guard file.starts(with: [0x89, 0x50, 0x4E, 0x47]) else {
      throw NetError("it is no JPEG or PNG file", remedy: wayOut)
    }
    return try Bitmap(png: file, options.color)
  }
}

private let wayOut = "replace the file, take it off the list, or set skip_corrupt"

extension NetError {
  /// An image file that cannot be decoded, and why.
  init(damaged kind: String, _ problem: String) {
    self.init("the \(kind) file is damaged: \(problem)", remedy: wayOut)
  }
}

/// Refuses extents that no sound image of so many bytes can have, before memory is taken for them.
///
/// - Parameter pixelsPerByte: the best that the format can do.
func checkExtents(
  _ kind: String, _ height: Int, _ width: Int, fileSize: Int, pixelsPerByte: Int
) throws(NetError) {
  guard height > 0, width > 0 else { throw NetError(damaged: kind, "it says it is \(width)x\(height)") }
  let area = height.multipliedReportingOverflow(by: width)
  guard !area.overflow, area.partialValue <= 1 << 30, area.partialValue / pixelsPerByte <= fileSize else {
    throw NetError(damaged: kind, "it says it is \(width)x\(height), but it has only \(fileSize) bytes")
  }
}
