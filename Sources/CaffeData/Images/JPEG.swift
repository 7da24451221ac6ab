internal import CTurboJPEG
public import CaffeCore
public import FoundationEssentials

extension Bitmap {
  /// Decodes with the accurate transform and smooth upsampling, the defaults of libjpeg and thereby of OpenCV.
  ///
  /// Of a file that was cut short, or that has damaged bytes in its middle, `report` is told; what is missing is filled as libjpeg
  /// does it, mostly with gray.
  init(
    jpeg file: UnsafeBufferPointer<UInt8>, _ options: DecodingOptions, report: (String) -> Void
  ) throws(NetError) {
    let color = options.color
    guard let decoder = tjInitDecompress() else { throw NetError("libjpeg-turbo cannot be started") }
    defer { tjDestroy(decoder) }
    var width: CInt = 0
    var height: CInt = 0
    var subsampling: CInt = -1
    var space: CInt = -1
    let size = CUnsignedLong(file.count)
    let status = tjDecompressHeader3(decoder, file.baseAddress, size, &width, &height, &subsampling, &space)
    // Rare kinds of subsampling have no name in the interface, but decode all the same.
    let isKnown = status == 0 || hasOnlyWarned(decoder)
    guard isKnown || (width > 0 && height > 0 && space >= 0 && subsampling < 0) else {
      throw NetError(damaged: "JPEG", message(of: decoder))
    }
    guard width > 0, height > 0 else { throw NetError(damaged: "JPEG", "it ends before it says how large it is") }
    // Each block of 8×8 pixels takes two bits when Huffman coded; arithmetic coding can do with less.
    try checkExtents(
      "JPEG", Int(height), Int(width), fileSize: file.count, pixelsPerByte: 8192,
      byteLimit: options.byteLimit)
    guard hasPixels(inJPEG: file) else { throw NetError(damaged: "JPEG", "it ends before its first pixel") }

    func decode(_ format: TJPF, _ channels: Int) throws(NetError) -> Bitmap {
      try Bitmap(Int(height), Int(width), channels) { pixels throws(NetError) in
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS
        let status = tjDecompress2(
          decoder, file.baseAddress, size, pixels.baseAddress, width, 0, height, CInt(format.rawValue), flags)
        if status == 0 { return }
        let message = message(of: decoder)
        guard hasOnlyWarned(decoder) else { throw NetError(damaged: "JPEG", message) }
        // Many cameras write superfluous bytes between two markers.
        if !message.contains("extraneous bytes") {
          report("the JPEG file is damaged, and was read as far as it goes: \(message)")
        }
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
          target[index] = luma(red: red, green: green, blue: blue)
        } else {
          target[3 * index] = UInt8(blue)
          target[3 * index + 1] = UInt8(green)
          target[3 * index + 2] = UInt8(red)
        }
      }
    }
  }
}

/// Whether libjpeg went on after all that it found wrong.
private func hasOnlyWarned(_ handle: tjhandle) -> Bool { tjGetErrorCode(handle) == TJERR_WARNING.rawValue }

/// Whether the bytes reach beyond the header of the first scan.
private func hasPixels(inJPEG file: UnsafeBufferPointer<UInt8>) -> Bool {
  var position = 2
  while position + 4 <= file.count {
    // Markers may have filling before them, and damage may be anywhere.
    guard file[position] == 0xFF, (0xC0...0xFE).contains(file[position + 1]), file[position + 1] != 0xD8 else {
      position += 1
      continue
    }
    let end = position + 2 + (Int(file[position + 2]) << 8 | Int(file[position + 3]))
    if file[position + 1] == 0xDA { return end < file.count }
    position = end
  }
  return false
}

private func message(of handle: tjhandle) -> String { String(cString: tjGetErrorStr2(handle)) }
