internal import CaffeCore

extension Bitmap {
  /// Decodes a BMP file of Windows (all headers from 40 to 124 bytes) or OS/2, of 1 to 32 bits a pixel, also run-length encoded.
  ///
  /// As in OpenCV, five or six bits of a colour become the upper ones of eight, pixels that runs leave out have the first colour, and
  /// a file is gray `asStored` if its palette is.
  init(bmp file: UnsafeBufferPointer<UInt8>, _ options: DecodingOptions) throws(NetError) {
    let color = options.color
    let reader = ByteReader(file, kind: "BMP")
    let header = try BMPHeader(reader, byteLimit: options.byteLimit)
    let (height, width) = (header.height, header.width)
    if header.bitCount <= 8 {
      let palette = try header.palette(reader)
      let indices = try header.runBits == nil ? header.indices(reader) : header.runs(reader)
      let isGray = palette.allSatisfy { $0.blue == $0.green && $0.green == $0.red }
      if color == .gray || (color == .asStored && isGray) {
        let grays = palette.map { luma(red: Int($0.red), green: Int($0.green), blue: Int($0.blue)) }
        self.init(height: height, width: width, channels: 1, pixels: indices.map { grays[Int($0)] })
      } else {
        self.init(height, width, 3) { target in
          for (index, entry) in indices.enumerated() {
            let color = palette[Int(entry)]
            (target[3 * index], target[3 * index + 1], target[3 * index + 2]) = (color.blue, color.green, color.red)
          }
        }
      }
      return
    }
    let hasAlpha = color == .asStored && header.masks.alpha != 0
    let bitmap = Bitmap(height, width, hasAlpha ? 4 : 3) { target in
      header.copyPixels(reader, hasAlpha: hasAlpha, to: target)
    }
    self = color == .gray ? bitmap.gray : bitmap
  }
}

/// Where a BMP file has its pixels, and what they are.
private struct BMPHeader {
  var height: Int
  var width: Int
  var bitCount: Int
  var isTopDown: Bool
  /// How many bits an index has in runs; nil without runs.
  var runBits: Int?
  var masks = Masks()
  private var pixels: Int
  private var paletteStart: Int
  private var paletteEntrySize: Int
  private var paletteCount: Int

  /// Which bits of a pixel are which colour.
  struct Masks {
    var red = 0
    var green = 0
    var blue = 0
    var alpha = 0
  }

  struct Color {
    var blue: UInt8 = 0
    var green: UInt8 = 0
    var red: UInt8 = 0
  }

  private enum Compression {
    static let none = 0
    static let runs8 = 1
    static let runs4 = 2
    static let masks = 3
    static let jpeg = 4
    static let png = 5
    static let masksWithAlpha = 6
  }

  init(_ reader: ByteReader, byteLimit: Int) throws(NetError) {
    func damaged(_ problem: String) -> NetError { NetError(damaged: "BMP", problem) }
    let size = try reader.number(at: 14, 4)
    guard size == 12 || (16...4096).contains(size) else { throw damaged("its header says that it has \(size) bytes") }
    let isCore = size == 12
    /// A field of the header, or 0 if the header is too short to have it.
    func field(_ offset: Int, _ count: Int) throws(NetError) -> Int {
      offset + count <= size ? try reader.number(at: 14 + offset, count) : 0
    }
    width = isCore ? try field(4, 2) : try reader.signed(at: 18)
    let signedHeight = isCore ? try field(6, 2) : try reader.signed(at: 22)
    height = abs(signedHeight)
    isTopDown = signedHeight < 0
    bitCount = try field(isCore ? 10 : 14, 2)
    let compression = isCore ? 0 : try field(16, 4)
    switch compression {
    case Compression.none: break
    case Compression.runs8: runBits = 8
    case Compression.runs4: runBits = 4
    case Compression.masks, Compression.masksWithAlpha:
      guard bitCount == 16 || bitCount == 32 else { throw damaged("pixels of \(bitCount) bits have no masks") }
    case Compression.jpeg, Compression.png:
      throw NetError(
        "the BMP file has a \(compression == Compression.jpeg ? "JPEG" : "PNG") file inside, which is not read",
        remedy: "convert it to a plain BMP, JPEG or PNG file")
    default: throw damaged("its compression is \(compression), which is unknown")
    }
    guard [1, 2, 4, 8, 16, 24, 32].contains(bitCount) else { throw damaged("its pixels have \(bitCount) bits") }
    if let runBits {
      guard runBits == bitCount, !isTopDown else { throw damaged("its runs do not fit its pixels") }
    }

    let areMasksGiven = compression == Compression.masks || compression == Compression.masksWithAlpha
    if areMasksGiven {
      // In or behind a header of 40 bytes, the masks are at the same place.
      masks.red = try reader.number(at: 54, 4)
      masks.green = try reader.number(at: 58, 4)
      masks.blue = try reader.number(at: 62, 4)
      if size >= 56 || compression == Compression.masksWithAlpha { masks.alpha = try reader.number(at: 66, 4) }
    } else if bitCount == 16 {
      (masks.red, masks.green, masks.blue) = (0x7C00, 0x03E0, 0x001F)
    } else {
      (masks.red, masks.green, masks.blue) = (0xFF0000, 0x00FF00, 0x0000FF)
    }

    let maskSize = areMasksGiven && size == 40 ? (compression == Compression.masks ? 12 : 16) : 0
    paletteStart = 14 + size + maskSize
    paletteEntrySize = isCore ? 3 : 4
    pixels = try reader.number(at: 10, 4)
    guard pixels >= paletteStart, pixels <= reader.bytes.count else {
      throw damaged("it says that its pixels begin at byte \(pixels)")
    }
    let used = isCore ? 0 : try field(32, 4)
    let room = (pixels - paletteStart) / paletteEntrySize
    paletteCount = bitCount <= 8 ? min(used == 0 ? 256 : used, 1 << bitCount, room) : 0

    // A run of two bytes makes at most 255 pixels; what is left out in between costs nothing, but who would do that?
    try checkExtents(
      "BMP", height, width, fileSize: reader.bytes.count, pixelsPerByte: runBits != nil ? 1024 : 8,
      byteLimit: byteLimit)
    if runBits == nil {
      // The filling behind the last row is often left out.
      guard (height - 1) * stride + (width * bitCount + 7) / 8 <= reader.bytes.count - pixels else {
        throw reader.tooShort
      }
    }
  }

  /// The bytes from one row to the next.
  private var stride: Int { (width * bitCount + 31) / 32 * 4 }

  /// Where a row of the image begins in the file.
  private func start(ofRow row: Int) -> Int { pixels + (isTopDown ? row : height - 1 - row) * stride }

  /// A colour for each index; what the file has none for is black.
  func palette(_ reader: ByteReader) throws(NetError) -> [Color] {
    var colors = [Color](repeating: Color(), count: 1 << bitCount)
    for index in 0..<paletteCount {
      let entry = try reader.number(at: paletteStart + index * paletteEntrySize, 3)
      colors[index] = Color(
        blue: UInt8(truncatingIfNeeded: entry), green: UInt8(truncatingIfNeeded: entry >> 8),
        red: UInt8(truncatingIfNeeded: entry >> 16))
    }
    return colors
  }

  /// The index of each pixel.
  func indices(_ reader: ByteReader) -> [UInt8] {
    let perByte = 8 / bitCount
    let mask = UInt8(truncatingIfNeeded: 1 << bitCount - 1)
    var indices: [UInt8] = []
    indices.reserveCapacity(height * width)
    for row in 0..<height {
      let start = start(ofRow: row)
      for column in 0..<width {
        let shift = 8 - bitCount * (column % perByte + 1)
        indices.append(reader.bytes[start + column / perByte] >> UInt8(shift) & mask)
      }
    }
    return indices
  }

  /// The index of each pixel, unpacked from runs.
  func runs(_ reader: ByteReader) throws(NetError) -> [UInt8] {
    var reader = reader
    reader.position = pixels
    var indices = [UInt8](repeating: 0, count: height * width)
    // Counted from the bottom, as the file goes.
    var (row, column) = (0, 0)
    func damaged() -> NetError { NetError(damaged: "BMP", "a run goes beyond the image") }
    func write(_ count: Int, _ index: (Int) throws(NetError) -> UInt8) throws(NetError) {
      guard count <= width - column else { throw damaged() }
      // What comes behind the last row counts for nothing, as in OpenCV.
      guard row < height else { return }
      let start = (height - 1 - row) * width + column
      for place in 0..<count { indices[start + place] = try index(place) }
      column += count
    }
    while true {
      // Some programs leave out the mark at the end.
      if reader.left == 0, row >= height || (row == height - 1 && column == width) { return indices }
      let count = Int(try reader.next())
      let value = try reader.next()
      if count > 0 {
        try write(count) { runBits == 8 ? value : $0.isMultiple(of: 2) ? value >> 4 : value & 15 }
        continue
      }
      switch value {
      case 0: (row, column) = (row + 1, 0)
      case 1: return indices
      case 2:
        column += Int(try reader.next())
        row += Int(try reader.next())
        guard column <= width else { throw damaged() }
      default:
        // As many pixels as they are, and bytes up to an even number.
        let start = reader.position
        let bytes = runBits == 8 ? Int(value) : (Int(value) + 1) / 2
        guard bytes <= reader.left else { throw reader.tooShort }
        try write(Int(value)) { place in
          if runBits == 8 { return reader.bytes[start + place] }
          let pair = reader.bytes[start + place / 2]
          return place.isMultiple(of: 2) ? pair >> 4 : pair & 15
        }
        reader.position = min(start + (bytes + 1) / 2 * 2, reader.bytes.count)
      }
    }
  }

  /// Writes the pixels, blue first; they are in the file, as `init` has made sure.
  func copyPixels(_ reader: ByteReader, hasAlpha: Bool, to target: UnsafeMutableBufferPointer<UInt8>) {
    let size = bitCount / 8
    let channels = hasAlpha ? 4 : 3
    let fields = [masks.blue, masks.green, masks.red, masks.alpha].prefix(channels).map(BitField.init)
    for row in 0..<height {
      let source = start(ofRow: row)
      let output = row * width * channels
      for column in 0..<width {
        let place = source + column * size
        let pixel = reader.bytes[place..<place + size].littleEndian
        for channel in 0..<channels { target[output + column * channels + channel] = fields[channel].byte(of: pixel) }
      }
    }
  }
}

/// A row of bits in a pixel, of which the upper eight count.
private struct BitField {
  private let mask: Int
  private let shift: Int

  init(_ mask: Int) {
    self.mask = mask
    // The uppermost bit of the field becomes that of a byte.
    shift = mask == 0 ? 0 : mask.bitWidth - mask.leadingZeroBitCount - 8
  }

  func byte(of pixel: Int) -> UInt8 {
    let value = pixel & mask
    return UInt8(truncatingIfNeeded: shift >= 0 ? value >> shift : value << -shift)
  }
}
