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

  private func decode(_ name: String, _ mode: String = "color", obeysOrientation: Bool = false) throws -> Bitmap {
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
        try expectEqual(decode(name, mode), expected(place), lossy: name.hasSuffix("jpg"), place)
      }
    }
  }

  @Test func `are turned as EXIF says only on demand`() throws {
    let turned = try decode("exif_6.jpg", obeysOrientation: true)
    try expectEqual(turned, expected("oriented/exif_6.jpg/color"), lossy: true, "exif_6.jpg")
    #expect(try decode("exif_6.jpg") == decode("upright.jpg"))
    #expect(try decode("upright.jpg", obeysOrientation: true) == decode("upright.jpg"))
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
    #expect(try refusal(file("truncated.jpg")).contains("the JPEG file is damaged: Premature end"))
    #expect(try refusal(file("f_alpha.png").dropLast(40)).contains("the PNG file is damaged: the file ends too early"))
    for name in ["progressive.jpg", "interlaced.png"] {
      let bytes = try file(name)
      for count in stride(from: 2, to: bytes.count - 16, by: 7) {
        #expect(refusal(bytes.prefix(count)) != "no error", "\(name) cut to \(count)")
      }
    }
  }

  @Test func `are refused when they are empty or something else`() {
    #expect(refusal([]).contains("the image file is empty"))
    #expect(refusal("text".utf8).contains("it is no JPEG or PNG file"))
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
  }
}
