public import CaffeCore
public import FoundationEssentials

/// What decoding an image takes besides its bytes.
public struct DecodingOptions: Hashable, Sendable {
  public var color: ColorMode
  /// Whether a photograph is turned as its EXIF tag says; nil: in colour and in gray, but not as stored, as OpenCV does it.
  public var obeysOrientation: Bool?
  /// How many bytes the pixels may take at most, in three channels.
  public var byteLimit: Int

  public init(color: ColorMode = .asStored, obeysOrientation: Bool? = nil, byteLimit: Int = .max) {
    self.color = color
    self.obeysOrientation = obeysOrientation
    self.byteLimit = byteLimit
  }

  fileprivate var turnsUpright: Bool { obeysOrientation ?? (color != .asStored) }
}

extension Bitmap {
  /// Decodes a JPEG, PNG, BMP or PNM file to the very pixels that OpenCV gives, on a system with the same libjpeg-turbo.
  ///
  /// Gray of a colour JPEG is its luma; alpha is kept `asStored` and dropped otherwise; of 16 bits the upper eight remain,
  /// but not `asStored`, which Caffe refuses.
  ///
  /// - Parameter report: Told in words what is wrong with a JPEG file that could be read in part only: OpenCV reads it too, without
  ///   a word to the program.
  /// - Throws: `NetError` for files that are damaged otherwise, of another kind, or whose header promises more pixels
  ///   than so few bytes can hold. Memory is only taken once the header is known to be sound.
  public init(
    decoding file: Data, _ options: DecodingOptions = DecodingOptions(), report: (String) -> Void = { _ in }
  ) throws(NetError) {
    guard !file.isEmpty else { throw NetError("the image file is empty", remedy: wayOut) }
    self = try file.withUnsafeBytes { bytes in
      Result { () throws(NetError) in try Self.decode(bytes.bindMemory(to: UInt8.self), options, report) }
    }.get()
  }

  private static func decode(
    _ file: UnsafeBufferPointer<UInt8>, _ options: DecodingOptions, _ report: (String) -> Void
  ) throws(NetError) -> Bitmap {
    switch ImageFileKind(of: file) {
    case .jpeg:
      let bitmap = try Bitmap(jpeg: file, options, report: report)
      return options.turnsUpright ? bitmap.oriented(exifOrientation(ofJPEG: file)) : bitmap
    case .png:
      let bitmap = try Bitmap(png: file, options)
      return options.turnsUpright ? bitmap.oriented(exifOrientation(ofPNG: file)) : bitmap
    case .bmp: return try Bitmap(bmp: file, options)
    case .pnm: return try Bitmap(pnm: file, options)
    case nil: throw NetError("it is no \(ImageFileKind.list) file\(foreignFormat(file))", remedy: wayOut)
    }
  }

  /// What else the file is, where its first bytes tell.
  private static func foreignFormat(_ file: UnsafeBufferPointer<UInt8>) -> String {
    let known: [(name: String, start: [UInt8])] = [
      ("GIF", Array("GIF8".utf8)), ("TIFF", [0x49, 0x49, 0x2A, 0]), ("TIFF", [0x4D, 0x4D, 0, 0x2A]),
      ("WebP", Array("RIFF".utf8)), ("gzip", [0x1F, 0x8B]), ("HTML", Array("<".utf8)), ("PDF", Array("%PDF".utf8)),
      ("JPEG 2000", [0, 0, 0, 0x0C, 0x6A, 0x50]),
    ]
    return known.first { file.starts(with: $0.start) }.map { ", but \($0.name)" } ?? ""
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
/// - Parameters:
///   - pixelsPerByte: the best that the format can do.
///   - byteLimit: how many bytes the pixels may take, in three channels.
func checkExtents(
  _ kind: String, _ height: Int, _ width: Int, fileSize: Int, pixelsPerByte: Int, byteLimit: Int
) throws(NetError) {
  guard height > 0, width > 0 else { throw NetError(damaged: kind, "it says it is \(width)x\(height)") }
  let area = height.multipliedReportingOverflow(by: width)
  guard !area.overflow, area.partialValue <= 1 << 30, area.partialValue / pixelsPerByte <= fileSize else {
    throw NetError(damaged: kind, "it says it is \(width)x\(height), but it has only \(fileSize) bytes")
  }
  guard 3 * area.partialValue <= byteLimit else {
    throw NetError(
      "the \(kind) file has \(width)x\(height) pixels, which would take \(3 * area.partialValue) bytes, but the limit is \(byteLimit)",
      remedy: "raise the limit with -memory_limit (memory_limit= in Python), or make the picture smaller")
  }
}
