import CaffeCore
import CaffeData
import CaffeProto
import Foundation
import Testing

@Suite struct `Transformation of images` {
  /// Pixel (c, y, x) has the value 100 c + 10 y + x.
  private func image(_ channels: Int = 2, _ height: Int = 4, _ width: Int = 5) throws -> Image {
    var bytes: [UInt8] = []
    for c in 0..<channels { for y in 0..<height { for x in 0..<width { bytes.append(UInt8(100 * c + 10 * y + x)) } } }
    return try Image(ImageShape(channels, height, width), .bytes(Data(bytes)))
  }

  private func transformed(
    _ settings: String, _ image: Image, _ phase: Phase = .test, seed: UInt64 = 1, number: UInt64 = 0
  ) throws -> [Float] {
    let parameter = try Prototxt.parse(TransformationParameter.self, text: settings, file: "test")
    let transformer = try Transformer(parameter, phase: phase)
    var random = Random(seed: seed, stream: number)
    var output = [Float](repeating: .nan, count: try transformer.outputShape(for: image.shape).count)
    try output.withUnsafeMutableBufferPointer { try transformer.transform(image, random: &random, into: $0) }
    return output
  }

  @Test func `only converts by default`() throws {
    #expect(try transformed("", image(1, 2, 3)) == [0, 1, 2, 10, 11, 12])
  }

  @Test func `subtracts the mean before it scales`() throws {
    #expect(try transformed("mean_value: 10 scale: 0.5", image(1, 2, 3)) == [-5, -4.5, -4, 0, 0.5, 1])
    #expect(try transformed("mean_value: 1 mean_value: 100", image(2, 1, 2)) == [-1, 0, 0, 1])
  }

  @Test func `takes the middle in TEST, rounded down`() throws {
    #expect(try transformed("crop_size: 2", image(1, 5, 5)) == [11, 12, 21, 22])
    #expect(try transformed("crop_size: 3", image(1, 4, 5)) == [1, 2, 3, 11, 12, 13, 21, 22, 23])
  }

  @Test func `takes every window in TRAIN`() throws {
    var corners: Set<Float> = []
    for number in 0..<200 {
      let output = try transformed("crop_size: 3", image(1, 4, 5), .train, number: UInt64(number))
      #expect(zip(output, [0, 1, 2, 10, 11, 12, 20, 21, 22] as [Float]).allSatisfy { $0 - $1 == output[0] })
      corners.insert(output[0])
    }
    #expect(corners == [0, 1, 2, 10, 11, 12])
  }

  @Test func `mirrors half of the images, also in TEST, with the mean where the pixel was`() throws {
    var mirrored = 0
    let folder = try TemporaryFolder()
    let mean = try meanFile(folder, (0..<20).map { Float($0 % 5) })
    for number in 0..<100 {
      let output = try transformed("mirror: true mean_file: \"\(mean)\"", image(1, 4, 5), number: UInt64(number))
      // Without the mean a row reads 10 y + x, with it 10 y.
      let expected: [Float] = (0..<20).map { Float(10 * ($0 / 5)) }
      #expect(output == expected)
      if try transformed("mirror: true", image(1, 1, 2), number: UInt64(number)) == [1, 0] { mirrored += 1 }
    }
    #expect((30...70).contains(mirrored))
  }

  @Test func `draws mirror, top and left in this order`() throws {
    for number in 0..<50 {
      var random = Random(seed: 1, stream: UInt64(number))
      let mirror = random.below(2) == 1
      let corner = Float(10 * random.below(3) + random.below(3))
      let output = try transformed("crop_size: 3 mirror: true", image(1, 5, 5), .train, number: UInt64(number))
      #expect(output[mirror ? 2 : 0] == corner)
    }
  }

  @Test func `crops the mean along with the image`() throws {
    let folder = try TemporaryFolder()
    let mean = try meanFile(folder, (0..<20).map { Float(10 * ($0 / 5) + $0 % 5) })
    #expect(try transformed("crop_size: 2 mean_file: \"\(mean)\" scale: 3", image(1, 4, 5), .train) == [0, 0, 0, 0])
  }

  @Test func `takes floats where a record has no bytes`() throws {
    var datum = Datum()
    datum.channels = 1
    datum.height = 1
    datum.width = 2
    datum.floatData = [0.5, -3]
    #expect(try transformed("mean_value: 0.5", Image(datum)) == [0, -3.5])
  }

  private func meanFile(_ folder: TemporaryFolder, _ values: [Float]) throws -> String {
    var mean = BlobProto()
    mean.num = 1
    mean.channels = 1
    mean.height = 4
    mean.width = 5
    mean.data = values
    return try folder.write("mean.binaryproto", mean.serializedBytes() as [UInt8])
  }

  // MARK: Bad input

  @Test func `refuses a crop that does not fit`() throws {
    #expect(message { _ = try transformed("crop_size: 5", image()) }.contains("crop_size 5 is larger than the image"))
  }

  @Test func `refuses a mean of another shape`() throws {
    let folder = try TemporaryFolder()
    let mean = try meanFile(folder, Array(repeating: 0, count: 20))
    let text = message { _ = try transformed("mean_file: \"\(mean)\"", image()) }
    #expect(text.contains("the image is 2x4x5, but the mean in mean_file is 1x4x5"))
  }

  @Test func `refuses as many mean values as fit no image`() throws {
    let text = message { _ = try transformed("mean_value: 1 mean_value: 2 mean_value: 3", image()) }
    #expect(text.contains("Specify either 1 mean_value or as many as channels: 2"))
  }

  @Test func `refuses settings that exclude each other`() throws {
    #expect(
      message { _ = try transformed("mean_file: \"x\" mean_value: 1", image()) }
        .contains("Cannot specify mean_file and mean_value at the same time"))
    #expect(message { _ = try transformed("force_color: true force_gray: true", image()) }.contains("both force_color"))
  }

  @Test func `says that the mean file is missing or damaged`() throws {
    let folder = try TemporaryFolder()
    #expect(message { _ = try transformed("mean_file: \"/absent/mean\"", image()) }.contains("/absent/mean"))
    let path = try folder.write("mean", "this is text".utf8)
    #expect(message { _ = try transformed("mean_file: \"\(path)\"", image()) }.contains("cannot read mean_file"))
  }

  @Test func `refuses a record whose size is not its shape`() {
    var datum = Datum()
    datum.channels = 3
    datum.height = 2
    datum.width = 2
    datum.data = Data(count: 11)
    #expect(message { _ = try Image(datum) }.contains("the record says it is 3x2x2, but it holds 11 values"))
    datum.channels = .max
    datum.height = .max
    datum.width = .max
    #expect(message { _ = try Image(datum) }.contains("but it holds 11 values"))
    datum.channels = -1
    #expect(message { _ = try Image(datum) }.contains("it is -1x"))
  }
}
