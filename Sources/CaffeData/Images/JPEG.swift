internal import CTurboJPEG
public import CaffeCore
public import FoundationEssentials

extension Bitmap {
  /// Decodes with the accurate transform and smooth upsampling, the defaults of libjpeg and thereby of OpenCV.
  init(jpeg file: UnsafeBufferPointer<UInt8>, _ color: ColorMode) throws(NetError) {
    guard let decoder = tjInitDecompress() else { throw NetError("libjpeg-turbo cannot be started") }
    defer { tjDestroy(decoder) }
    var width: CInt = 0
    var height: CInt = 0
    var subsampling: CInt = -1
    var space: CInt = -1
    let size = CUnsignedLong(file.count)
    let status = tjDecompressHeader3(decoder, file.baseAddress, size, &width, &height, &subsampling, &space)
    // Rare kinds of subsampling have no name in the interface, but decode all the same.
    guard status == 0 || isHarmless(decoder) || (width > 0 && height > 0 && space >= 0 && subsampling < 0) else {
      throw NetError(damaged: "JPEG", message(of: decoder))
    }
    // Each block of 8×8 pixels takes two bits when Huffman coded; arithmetic coding can do with less.
    try checkExtents("JPEG", Int(height), Int(width), fileSize: file.count, pixelsPerByte: 8192)

    func decode(_ format: TJPF, _ channels: Int) throws(NetError) -> Bitmap {
      try Bitmap(Int(height), Int(width), channels) { pixels throws(NetError) in
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
        let status = tjDecompress2(
          decoder, file.baseAddress, size, pixels.baseAddress, width, 0, height, CInt(format.rawValue), flags)
        guard status == 0 || isHarmless(decoder) else { throw NetError(damaged: "JPEG", message(of: decoder)) }
      }
    }
    let isGray = color == .gray || (color == .asStored && space == TJCS_GRAY.rawValue)
    if space == TJCS_CMYK.rawValue || space == TJCS_YCCK.rawValue {
      self = try decode(TJPF_CMYK, 4).convertedFromCMYK(toGray: isGray)
    } else {
      self = isGray ? try decode(TJPF_GRAY, 1) : try decode(TJPF_BGR, 3)
    }
  }

  /// A JPEG file as OpenCV writes it by default: quality 95, colours at half the resolution. Alpha is lost.
  public func jpeg(quality: Int = 95) throws(NetError) -> Data {
    guard let encoder = tjInitCompress() else { throw NetError("libjpeg-turbo cannot be started") }
    defer { tjDestroy(encoder) }
    let (format, subsampling) =
      switch channels {
      case 1: (TJPF_GRAY, TJSAMP_GRAY)
      case 3: (TJPF_BGR, TJSAMP_420)
      default: (TJPF_BGRX, TJSAMP_420)
      }
    var bytes: UnsafeMutablePointer<UInt8>?
    var size: CUnsignedLong = 0
    defer { tjFree(bytes) }
    let status = tjCompress2(
      encoder, pixels, CInt(width), 0, CInt(height), CInt(format.rawValue), &bytes, &size,
      CInt(subsampling.rawValue), CInt(quality), TJFLAG_ACCURATEDCT)
    guard status == 0, let bytes else {
      throw NetError("the image of \(width)x\(height) cannot be written as JPEG: \(message(of: encoder))")
    }
    return Data(bytes: bytes, count: Int(size))
  }

  /// The colours that OpenCV makes of inverted inks, as Adobe's programs store them.
  private func convertedFromCMYK(toGray isGray: Bool) -> Bitmap {
    Bitmap(height, width, isGray ? 1 : 3) { target in
      for index in 0..<height * width {
        let black = Int(pixels[4 * index + 3])
        func light(_ ink: Int) -> Int { black - (((255 - Int(pixels[4 * index + ink])) * black) >> 8) }
        let (red, green, blue) = (light(0), light(1), light(2))
        if isGray {
          // 0.299 red + 0.587 green + 0.114 blue, in units of 1 / 16384.
          target[index] = UInt8((4899 * red + 9617 * green + 1868 * blue + 8192) >> 14)
        } else {
          target[3 * index] = UInt8(blue)
          target[3 * index + 1] = UInt8(green)
          target[3 * index + 2] = UInt8(red)
        }
      }
    }
  }
}

/// Whether all that went wrong are superfluous bytes between two markers, which many cameras write.
private func isHarmless(_ handle: tjhandle) -> Bool {
  tjGetErrorCode(handle) == TJERR_WARNING.rawValue && message(of: handle).contains("extraneous bytes")
}

private func message(of handle: tjhandle) -> String { String(cString: tjGetErrorStr2(handle)) }

/// How the camera was held, from 1 (upright) to 8, by the EXIF tag of a JPEG file; 1 if there is none or it is damaged.
func exifOrientation(ofJPEG file: UnsafeBufferPointer<UInt8>) -> Int {
  var position = 2
  while position + 4 <= file.count, file[position] == 0xFF {
    let marker = file[position + 1]
    let length = Int(file[position + 2]) << 8 | Int(file[position + 3])
    let end = position + 2 + length
    guard length >= 2, end <= file.count, marker != 0xDA else { return 1 }
    let body = UnsafeBufferPointer(rebasing: file[position + 4..<end])
    if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) {
      return exifOrientation(ofTIFF: UnsafeBufferPointer(rebasing: body[6...]))
    }
    position = end
  }
  return 1
}

private func exifOrientation(ofTIFF tiff: UnsafeBufferPointer<UInt8>) -> Int {
  let isLittle = tiff.first == 0x49
  /// The unsigned number of `count` bytes at a place.
  func number(_ place: Int, _ count: Int) -> Int? {
    guard place >= 0, place + count <= tiff.count else { return nil }
    let bytes = tiff[place..<place + count]
    return isLittle ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : bytes.reduce(0) { $0 << 8 | Int($1) }
  }
  guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2) else { return 1 }
  for entry in 0..<entries {
    let place = directory + 2 + 12 * entry
    guard let tag = number(place, 2) else { return 1 }
    if tag == 0x0112, let value = number(place + 8, 2), (1...8).contains(value) { return value }
  }
  return 1
}
