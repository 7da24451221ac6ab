import CaffeCore
import CaffeData
import CaffeHDF5
import Foundation
import Testing

@Suite struct `Images in files` {
  private let opencv: HDF5Group

  init() throws { opencv = try HDF5File(reading: fixture("images_opencv.h5")).root }

  private static let modes: [String: ColorMode] = ["gray": .gray, "color": .color, "asStored": .asStored]

  private func file(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: fixture("images/\(name)"))) }

  private func decode(_ name: String, _ mode: String = "color", obeysOrientation: Bool? = nil) throws -> Bitmap {
    let options = DecodingOptions(color: Self.modes[mode] ?? .color, obeysOrientation: obeysOrientation)
    return try Bitmap(decoding: file(name), options)
  }

  /// The image that OpenCV has there.
  private func expected(_ place: String) throws -> Bitmap {
    let dataset = try opencv.dataset(place)
    return try Bitmap(
      height: dataset.shape[0], width: dataset.shape[1], channels: dataset.shape[2],
      pixels: dataset.floats().map { UInt8($0) })
  }

  /// Other versions of libjpeg may round otherwise, by the three levels that Caffe's own comparisons allow.
  private func expectEqual(_ bitmap: Bitmap, _ expected: Bitmap, lossy: Bool, _ what: String) {
    #expect(bitmap.shape == expected.shape, "\(what)")
    let difference = zip(bitmap.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(difference <= (lossy ? 3 : 0), "\(what)")
  }

  @Test func `decode to the pixels of OpenCV`() throws {
    for name in try opencv.group("decoded").names() {
      for mode in try opencv.group("decoded/\(name)").names() {
        let place = "decoded/\(name)/\(mode)"
        try expectEqual(
          decode(name, mode, obeysOrientation: false), expected(place), lossy: name.hasSuffix("jpg"), place)
      }
    }
  }

  @Test func `are turned as EXIF says, but not as stored, unless told otherwise`() throws {
    let turned = try decode("exif_6.jpg")
    try expectEqual(turned, expected("oriented/exif_6.jpg/color"), lossy: true, "exif_6.jpg")
    #expect(try decode("exif_6.jpg", "gray").width == turned.width)
    #expect(try decode("exif_6.jpg", "asStored") == decode("upright.jpg", "asStored"))
    #expect(try decode("exif_6.jpg", "asStored", obeysOrientation: true).width == turned.width)
    #expect(try decode("exif_6.jpg", obeysOrientation: false) == decode("upright.jpg"))
    #expect(try decode("upright.jpg", obeysOrientation: true) == decode("upright.jpg"))
  }

  /// Files of which OpenCV 4.6 told the pixels, but those of PAM and of BMP with unusual masks, which it mixes up: there they are as
  /// the format defines them.
  private struct OtherFiles {
    private let files: [UInt8]
    private let pixels: [UInt8]
    private let index: [[Substring]]

    init() throws {
      let root = try HDF5File(reading: fixture("images_bmp_pnm.h5")).root
      files = try root.dataset("files").integers().map { UInt8($0) }
      pixels = try root.dataset("pixels").integers().map { UInt8($0) }
      index = try root.string(attribute: "index").split(separator: "\n").map { $0.split(separator: " ") }
    }

    var names: [String] { index.map { String($0[0]) } }

    func file(_ name: String) throws -> Data {
      let line = try #require(index.first { $0[0] == name })
      let (start, count) = (Int(line[1])!, Int(line[2])!)
      return Data(files[start..<start + count])
    }

    /// The images by mode.
    func images(_ name: String) throws -> [(mode: String, image: Bitmap)] {
      let line = try #require(index.first { $0[0] == name })
      return stride(from: 3, to: line.count, by: 5).map { place in
        let (height, width, channels) = (Int(line[place + 1])!, Int(line[place + 2])!, Int(line[place + 3])!)
        let start = Int(line[place + 4])!
        return (
          String(line[place]),
          Bitmap(
            height: height, width: width, channels: channels,
            pixels: Array(pixels[start..<start + height * width * channels]))
        )
      }
    }
  }

  @Test func `of other kinds decode to the pixels of OpenCV too`() throws {
    let others = try OtherFiles()
    for name in others.names {
      let file = try others.file(name)
      for (mode, expected) in try others.images(name) {
        var flaws: [String] = []
        let bitmap = try Bitmap(decoding: file, DecodingOptions(color: Self.modes[mode]!)) { flaws.append($0) }
        expectEqual(bitmap, expected, lossy: name.hasSuffix("jpg"), "\(name) \(mode)")
        // Those that were cut short say so.
        #expect(flaws.count == (name.contains("line_") || name.contains("sive_") ? 1 : 0), "\(name)")
      }
    }
  }

  @Test func `become upright from all eight ways of holding the camera`() throws {
    var bytes = try Array(file("exif_6.jpg"))
    let tag = try #require(bytes.firstRange(of: [0x01, 0x12, 0x00, 0x03]))
    let corners = try (1...8).map { way in
      bytes[tag.lowerBound + 9] = UInt8(way)
      let image = try Bitmap(decoding: Data(bytes), DecodingOptions(color: .gray, obeysOrientation: true))
      // A quarter is all that is looked at: which corner of the stored image came to the top left?
      return "\(image.width)x\(image.height) \(image.pixels[0])"
    }
    let stored = try decode("upright.jpg", "gray")
    let (left, right) = (0, stored.width - 1)
    let (top, bottom) = (0, (stored.height - 1) * stored.width)
    func corner(_ size: String, _ place: Int) -> String { "\(size) \(stored.pixels[place])" }
    #expect(
      corners == [
        corner("13x11", left + top), corner("13x11", right + top), corner("13x11", right + bottom),
        corner("13x11", left + bottom), corner("11x13", left + top), corner("11x13", left + bottom),
        corner("11x13", right + bottom), corner("11x13", right + top),
      ])
  }

  @Test func `are resized bit for bit as OpenCV does it`() throws {
    for name in try opencv.group("resized").names() {
      for mode in try opencv.group("resized/\(name)").names() {
        let image = try decode(name, mode)
        for size in try opencv.group("resized/\(name)/\(mode)").names() {
          let expected = try expected("resized/\(name)/\(mode)/\(size)")
          #expect(image.resized(height: expected.height, width: expected.width) == expected, "\(name) to \(size)")
        }
      }
    }
  }

  @Test func `are written as OpenCV writes them`() throws {
    for name in try opencv.group("encoded").names() {
      for mode in try opencv.group("encoded/\(name)").names() {
        let image = try decode(name, mode)
        #expect(try Bitmap(decoding: image.png()) == image)
        if image.channels < 4 {
          #expect(try Bitmap(decoding: image.bmp) == image)
          #expect(try Bitmap(decoding: image.pnm) == image)
        }
        // Bytes differ between versions of the libraries, pixels do not.
        let bytes = try opencv.dataset("encoded/\(name)/\(mode)/jpg").integers().map { UInt8($0) }
        try expectEqual(Bitmap(decoding: image.jpeg()), Bitmap(decoding: Data(bytes)), lossy: true, name)
      }
    }
  }

  @Test func `have their channels one after the other in a Datum`() {
    let bitmap = Bitmap(height: 1, width: 2, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
    #expect(Array(bitmap.planes) == [1, 4, 2, 5, 3, 6])
  }

  // MARK: Bad input

  private func refusal(_ bytes: some Sequence<UInt8>) -> String { message { _ = try Bitmap(decoding: Data(bytes)) } }

  @Test func `are refused when they are cut short`() throws {
    #expect(try refusal(file("f_alpha.png").dropLast(40)).contains("the PNG file is damaged: the file ends too early"))
    let others = try OtherFiles()
    let files =
      try [file("interlaced.png")]
      + ["c24.bmp", "p1_col.bmp", "rle8.bmp", "p6.ppm", "p4.pbm", "p3.ppm", "rgba.pam"]
      .map(others.file)
    for file in files {
      for count in stride(from: 2, to: file.count - 16, by: 7) {
        #expect(refusal(file.prefix(count)) != "no error", "cut to \(count) of \(file.count)")
      }
    }
  }

  @Test func `are read as far as they go if they are JPEG, and say so`() throws {
    for name in ["upright.jpg", "progressive.jpg"] {
      let bytes = try file(name)
      let whole = try Bitmap(decoding: bytes)
      let scan = try #require(Array(bytes).firstRange(of: [0xFF, 0xDA])).lowerBound
      for count in [bytes.count - 2, bytes.count - 1, (scan + bytes.count) / 2] {
        var flaw = ""
        let part = try Bitmap(decoding: bytes.prefix(count)) { flaw = $0 }
        #expect(flaw == "the JPEG file is damaged, and was read as far as it goes: Premature end of JPEG file")
        #expect(part.shape == whole.shape)
        #expect((part == whole) == (count >= bytes.count - 2))
      }
      #expect(refusal(bytes.prefix(scan)) != "no error")
      #expect(refusal(bytes.prefix(scan + 14)).contains("it ends before its first pixel"))
    }
  }

  @Test func `are refused when they are empty or something else`() {
    #expect(refusal([]).contains("the image file is empty"))
    #expect(refusal("text".utf8).contains("it is no JPEG, PNG, BMP or PNM file"))
    #expect(refusal("GIF89a".utf8).contains("it is no JPEG, PNG, BMP or PNM file, but GIF"))
  }

  @Test func `of 16 bits per channel are refused unless channels are asked for`() throws {
    #expect(message { _ = try decode("gray16.png", "asStored") }.contains("Image data type must be unsigned byte"))
    #expect(try decode("gray16.png", "color").channels == 3)
  }

  @Test func `that claim to be huge cost no memory`() throws {
    var jpeg = try Array(file("upright.jpg"))
    let frame = try #require(jpeg.firstRange(of: [0xFF, 0xC0]))
    jpeg.replaceSubrange(frame.lowerBound + 5..<frame.lowerBound + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(refusal(jpeg).contains("it says it is 65500x65500, but it has only"))
    // Its checksum is wrong too, but reading on after that is what libpng may do.
    var png = try Array(file("a.png"))
    png.replaceSubrange(16..<20, with: [0, 0x0F, 0, 0])
    #expect(refusal(png).contains("the PNG file is damaged"))
    let others = try OtherFiles()
    for name in ["c24.bmp", "rle8.bmp", "p1_col.bmp", "c32_v5a.bmp"] {
      for (width, height) in [(0x7FFF_FFFF, 0x7FFF_FFFF), (30000, 30000), (13, -0x8000_0000), (0x7FFF_FFFF, 1)] {
        var bmp = try Array(others.file(name))
        bmp.replaceSubrange(18..<22, with: withUnsafeBytes(of: Int32(width).littleEndian, Array.init))
        bmp.replaceSubrange(22..<26, with: withUnsafeBytes(of: Int32(height).littleEndian, Array.init))
        #expect(refusal(bmp).contains("the BMP file is damaged"), "\(name) \(width)x\(height)")
      }
    }
    for header in [
      "P5 30000 30000 255 x", "P6 4294967295 4294967295 255 x", "P4 9999999 9 x", "P3 9 9 255 1 2 3", "P1 9 9 01",
      "P5\n4294967295 4294967295\n255\r1234", "P6 4294967295 4294967295 65535\r12", "P4 4294967295 4294967295\r123",
    ] {
      #expect(refusal(header.utf8).contains("the PNM file is damaged"), "\(header)")
    }
  }

  @Test func `of BMP with a header that makes no sense are refused`() throws {
    let sound = try Array(OtherFiles().file("p8_col.bmp"))
    for (place, value, words) in [
      (14, 13, "its header says that it has 13 bytes"), (28, 7, "its pixels have 7 bits"),
      (30, 9, "its compression is 9"),
      (30, 4, "has a JPEG file inside"), (30, 2, "its runs do not fit its pixels"),
      (30, 3, "pixels of 8 bits have no masks"),
      (10, 3, "it says that its pixels begin at byte"), (18, 0, "it says it is 0x7"),
    ] as [(Int, UInt8, String)] {
      var bytes = sound
      bytes[place] = value
      if place == 10 { bytes[11] = 0 }
      #expect(refusal(bytes).contains(words), "\(words): \(refusal(bytes))")
    }
    #expect(refusal(rle([200, 5, 0, 0, 0, 1])).contains("a run goes beyond the image"))
    #expect(refusal(rle([1, 5, 0, 2, 9, 0])).contains("a run goes beyond the image"))
    #expect(refusal(rle([0, 9, 1])).contains("the file ends too early"))
  }

  /// A BMP file of 4×2 pixels with the given runs.
  private func rle(_ runs: [UInt8]) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] { withUnsafeBytes(of: Int32(value).littleEndian, Array.init) }
    let header =
      number(40) + number(4) + number(2) + [1, 0, 8, 0] + number(1) + number(runs.count) + number(0) + number(0)
    return Array("BM".utf8) + number(0) + number(0) + number(62) + header + number(2) + number(0) + number(0)
      + number(0xFFFFFF) + runs
  }

  @Test func `are refused before they take more memory than they may`() throws {
    let image = Bitmap(height: 20, width: 30, channels: 3, pixels: Array(repeating: 7, count: 1800))
    let ppm = Array("P6 30 20 255 ".utf8) + image.pixels
    for file in try [image.png(), image.jpeg(), Data(ppm)] {
      _ = try Bitmap(decoding: file, DecodingOptions(byteLimit: 1800))
      let error = #expect(throws: NetError.self) { try Bitmap(decoding: file, DecodingOptions(byteLimit: 1799)) }
      #expect(error?.problem.contains("30x20 pixels, which would take 1800 bytes, but the limit is 1799") == true)
    }
  }

  @Test func `of JPEG that end within the header say so`() throws {
    let file = try Bitmap(height: 8, width: 8, channels: 3, pixels: Array(repeating: 7, count: 192)).jpeg()
    for count in 3..<file.count where count < 160 {
      #expect(throws: NetError.self) { try Bitmap(decoding: file.prefix(count)) }
      #expect(!refusal(file.prefix(count)).contains("0x0"))
    }
  }

  @Test func `of PNM with a header that makes no sense are refused`() {
    for (text, words) in [
      ("P5 2 x 255 ", "its height is \"x\", which is no number"), ("P5 2 2 0 1234", "its greatest value is 0"),
      ("P5 2 2 70000 1234", "its greatest value is 70000"), ("P2 1 1 255 -1", "something else than numbers"),
      ("P1 2 1 2 1", "a sign other than 0 and 1"), ("P7\nFOO 1\nENDHDR\n", "its header has the word \"FOO\""),
      ("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 9\nMAXVAL 1\nENDHDR\n123456789", "has 9 samples for each pixel"),
      ("P6 1 1 65535 12345", "the file ends too early"),
    ] { #expect(refusal(text.utf8).contains(words), "\(text): \(refusal(text.utf8))") }
    let deep = "P5 1 1 1000 \u{1}\u{1}"
    #expect(refusal(deep.utf8).contains("Image data type must be unsigned byte"))
  }

  @Test func `survive any damage`() throws {
    var random = Random(seed: 5)
    for name in ["upright.jpg", "progressive.jpg", "cmyk.jpg", "exif_6.jpg", "g_palette.png", "interlaced.png"] {
      let sound = try file(name)
      for _ in 0..<200 {
        var bytes = sound
        for _ in 0..<3 { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
        _ = try? Bitmap(decoding: bytes, DecodingOptions(obeysOrientation: true))
      }
    }
    let others = try OtherFiles()
    for name in others.names where !name.hasSuffix("jpg") {
      let sound = try others.file(name)
      for round in 0..<60 {
        var bytes = sound
        for _ in 0..<3 { bytes[random.below(min(bytes.count, 140))] = UInt8(random.below(256)) }
        if round.isMultiple(of: 3) { bytes = bytes.prefix(random.below(bytes.count)) }
        _ = try? Bitmap(decoding: bytes, DecodingOptions(color: [.asStored, .gray, .color][round % 3]))
      }
    }
  }
}
