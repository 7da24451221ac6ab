internal import CaffeCore

extension Bitmap {
  /// Decodes a PBM, PGM or PPM file, in digits or in bytes, or a PAM file.
  ///
  /// As in OpenCV, digits up to 255 are scaled to bytes by their greatest value, bytes stay as they are, and of 16 bits the upper
  /// eight remain, but not `asStored`, which Caffe refuses. Of several images in a file the first one counts. PAM is read as it is
  /// defined: OpenCV 4.6 takes its red for blue.
  init(pnm file: UnsafeBufferPointer<UInt8>, _ options: DecodingOptions) throws(NetError) {
    let color = options.color
    var reader = ByteReader(file, kind: "PNM")
    let header = try PNMHeader(&reader, byteLimit: options.byteLimit)
    if color == .asStored, header.greatest > 255 {
      throw NetError(
        "Image data type must be unsigned byte, but the PNM file has 16 bits per channel",
        remedy: "set force_color or force_gray in transform_param, or convert the images to 8 bits")
    }
    let samples = try header.samples(&reader)
    let (depth, area) = (header.depth, header.height * header.width)
    // Gray with alpha has four channels as stored, as in a PNG file.
    let channels = color == .asStored ? (depth == 2 ? 4 : depth) : depth < 3 ? 1 : 3
    let isColored = depth >= 3
    let bitmap = Bitmap(header.height, header.width, channels) { target in
      for pixel in 0..<area {
        for channel in 0..<channels {
          // Red comes first there, blue here; a gray image has its light in all colours, and alpha is its last sample.
          let sample = channel == 3 ? depth - 1 : isColored ? 2 - channel : 0
          target[pixel * channels + channel] = samples[pixel * depth + sample]
        }
      }
    }
    switch color {
    case .asStored: self = bitmap
    case .gray: self = channels == 1 ? bitmap : bitmap.gray
    case .color: self = channels == 3 ? bitmap : bitmap.colored
    }
  }

  /// Three equal channels of a gray image.
  private var colored: Bitmap {
    Bitmap(height, width, 3) { target in
      for index in target.indices { target[index] = pixels[index / 3] }
    }
  }
}

/// What a PNM file holds, and how.
private struct PNMHeader {
  var height: Int
  var width: Int
  /// How many samples a pixel has.
  var depth: Int
  /// The greatest value of a sample.
  var greatest = 1
  private var form: Form

  private enum Form {
    /// Numbers in digits.
    case digits
    /// A digit for each pixel, in which 1 is black; blanks between them may be missing.
    case blackDigits
    /// Samples of one byte, or of two, big end first.
    case bytes
    /// Eight pixels to a byte, in which 1 is black.
    case blackBits
    /// Bytes 0 and 1, in which 1 is white.
    case whiteBytes
  }

  /// Reads up to the first sample.
  init(_ reader: inout ByteReader, byteLimit: Int) throws(NetError) {
    let magic = try (reader.next(), reader.next())
    (height, width, depth) = (0, 0, 1)
    switch magic.1 {
    case UInt8(ascii: "1"): form = .blackDigits
    case UInt8(ascii: "2"): form = .digits
    case UInt8(ascii: "3"): (form, depth) = (.digits, 3)
    case UInt8(ascii: "4"): form = .blackBits
    case UInt8(ascii: "5"): form = .bytes
    case UInt8(ascii: "6"): (form, depth) = (.bytes, 3)
    default: form = .bytes
    }
    if magic.1 == UInt8(ascii: "7") {
      try readFields(&reader)
    } else {
      width = try Self.number(&reader, "its width")
      height = try Self.number(&reader, "its height")
      if form == .digits || form == .bytes { greatest = try Self.number(&reader, "its greatest value") }
    }
    guard (1...65535).contains(greatest) else {
      throw NetError(damaged: "PNM", "its greatest value is \(greatest), but must be 1 to 65535")
    }
    guard (1...4).contains(depth) else {
      throw NetError("the PAM file has \(depth) samples for each pixel", remedy: "images with 1 to 4 are read")
    }
    try checkExtents(
      "PNM", height, width, fileSize: reader.bytes.count, pixelsPerByte: form == .blackBits ? 8 : 1,
      byteLimit: byteLimit)
    if magic.1 != UInt8(ascii: "7"), form == .bytes || form == .blackBits { try skipBlank(&reader) }
    guard leastSize <= reader.left else { throw reader.tooShort }
  }

  /// The bytes that the samples take at least.
  private var leastSize: Int {
    switch form {
    case .blackBits: height * ((width + 7) / 8)
    case .blackDigits, .whiteBytes: height * width * depth
    // A digit and what follows it, which the last one may lack.
    case .digits: 2 * height * width * depth - 1
    case .bytes: height * width * depth * (greatest > 255 ? 2 : 1)
    }
  }

  /// The lines of a PAM file's header: a word and what it is.
  private mutating func readFields(_ reader: inout ByteReader) throws(NetError) {
    while true {
      let word = try Self.word(&reader)
      switch word {
      case "WIDTH": width = try Self.number(&reader, "its width")
      case "HEIGHT": height = try Self.number(&reader, "its height")
      case "DEPTH": depth = try Self.number(&reader, "its depth")
      case "MAXVAL": greatest = try Self.number(&reader, "its greatest value")
      case "TUPLTYPE": if try Self.word(&reader).hasPrefix("BLACKANDWHITE") { form = .whiteBytes }
      case "ENDHDR":
        while try reader.next() != UInt8(ascii: "\n") {}
        if greatest > 1 { form = .bytes }
        return
      default: throw NetError(damaged: "PNM", "its header has the word \"\(word.prefix(20))\"")
      }
    }
  }

  /// The one blank between the header and the bytes, or the two that end a line on Windows if one would leave a byte too many.
  private func skipBlank(_ reader: inout ByteReader) throws(NetError) {
    let blank = try reader.next()
    guard blank <= 0x20 else { throw NetError(damaged: "PNM", "its header does not end with a blank") }
    if blank == 0x0D, reader.left == leastSize + 1, reader.bytes[reader.position] == 0x0A { reader.position += 1 }
  }

  /// The next word of the header; comments reach from `#` to the end of the line.
  private static func word(_ reader: inout ByteReader) throws(NetError) -> String {
    var byte = try reader.next()
    while byte <= 0x20 || byte == UInt8(ascii: "#") {
      if byte == UInt8(ascii: "#") { while ![0x0A, 0x0D].contains(try reader.next()) {} }
      byte = try reader.next()
    }
    let start = reader.position - 1
    while reader.left > 0, reader.bytes[reader.position] > 0x20, reader.bytes[reader.position] != UInt8(ascii: "#") {
      reader.position += 1
    }
    return String(decoding: reader.bytes[start..<reader.position], as: UTF8.self)
  }

  private static func number(_ reader: inout ByteReader, _ what: String) throws(NetError) -> Int {
    let word = try word(&reader)
    guard let number = UInt32(word) else {
      throw NetError(damaged: "PNM", "\(what) is \"\(word.prefix(20))\", which is no number")
    }
    return Int(number)
  }

  // MARK: Samples

  /// All samples as bytes.
  func samples(_ reader: inout ByteReader) throws(NetError) -> [UInt8] {
    let count = height * width * depth
    let (bytes, start) = (reader.bytes, reader.position)
    switch form {
    case .bytes where greatest > 255: return (0..<count).map { bytes[start + 2 * $0] }
    case .bytes: return Array(bytes[start..<start + count])
    case .whiteBytes: return bytes[start..<start + count].map { $0 == 0 ? 0 : 255 }
    case .blackBits:
      let stride = (width + 7) / 8
      return (0..<count).map { index in
        let byte = bytes[start + index / width * stride + index % width / 8]
        return byte >> UInt8(7 - index % width % 8) & 1 == 1 ? 0 : 255
      }
    case .blackDigits:
      var samples: [UInt8] = []
      samples.reserveCapacity(count)
      for _ in 0..<count { samples.append(try Self.bit(&reader)) }
      return samples
    case .digits:
      var samples: [UInt8] = []
      samples.reserveCapacity(count)
      for _ in 0..<count {
        let value = min(try Self.value(&reader), greatest)
        samples.append(UInt8(greatest > 255 ? value >> 8 : value * 255 / greatest))
      }
      return samples
    }
  }

  /// The next digit that is 0 or 1, as a gray.
  private static func bit(_ reader: inout ByteReader) throws(NetError) -> UInt8 {
    switch try nextAfterBlanks(&reader) {
    case UInt8(ascii: "0"): return 255
    case UInt8(ascii: "1"): return 0
    default: throw NetError(damaged: "PNM", "there is a sign other than 0 and 1 among its pixels")
    }
  }

  /// The next number in digits.
  private static func value(_ reader: inout ByteReader) throws(NetError) -> Int {
    var value = 0
    var byte = try nextAfterBlanks(&reader)
    while true {
      guard byte.isDigit else {
        throw NetError(damaged: "PNM", "there is something else than numbers among its pixels")
      }
      value = min(10 * value + Int(byte - UInt8(ascii: "0")), 1 << 20)
      guard reader.left > 0, reader.bytes[reader.position] > 0x20 else { return value }
      byte = try reader.next()
    }
  }

  private static func nextAfterBlanks(_ reader: inout ByteReader) throws(NetError) -> UInt8 {
    while true {
      let byte = try reader.next()
      if byte == UInt8(ascii: "#") { while ![0x0A, 0x0D].contains(try reader.next()) {} }
      if byte > 0x20, byte != UInt8(ascii: "#") { return byte }
    }
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
