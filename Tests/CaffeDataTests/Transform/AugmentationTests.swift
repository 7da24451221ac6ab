import CaffeCore
import CaffeData
import CaffeProto
import Foundation
import Testing

@Suite struct `Augmentation of images` {
  private func image(_ channels: Int = 3, _ height: Int = 20, _ width: Int = 30) throws -> Image {
    let bytes = (0..<channels * height * width).map { UInt8(60 + ($0 % width) * 4 + ($0 / width % height)) }
    return try Image(ImageShape(channels, height, width), .bytes(Data(bytes)))
  }

  private func transformed(
    _ settings: String, _ image: Image, _ phase: Phase = .train, number: UInt64 = 0
  ) throws -> [Float] {
    let parameter = try Prototxt.parse(TransformationParameter.self, text: settings, file: "test")
    let transformer = try Transformer(parameter, phase: phase)
    var random = Random(seed: 1, stream: number)
    var output = [Float](repeating: .nan, count: try transformer.outputShape(for: image.shape).count)
    try output.withUnsafeMutableBufferPointer { try transformer.transform(image, random: &random, into: $0) }
    return output
  }

  private let all = """
    random_resized_crop {} crop_size: 9 max_rotation_angle: 20
    color_jitter { brightness: 0.4 contrast: 0.4 saturation: 0.4 hue: 0.1 } mirror: true
    """

  @Test func `depends on the seed and the number of the record alone`() throws {
    let first = try transformed(all, image(), number: 5)
    #expect(try transformed(all, image(), number: 5) == first)
    #expect(try transformed(all, image(), number: 6) != first)
    #expect(first.allSatisfy { (0...255).contains($0) })
  }

  @Test func `does nothing in TEST`() throws {
    #expect(
      try transformed(all.replacing("mirror: true", with: ""), image(), .test)
        == transformed("crop_size: 9", image(), .test))
  }

  @Test func `of the whole image at its own size changes nothing`() throws {
    let square = try image(3, 9, 9)
    let settings = """
      crop_size: 9 random_resized_crop { min_area: 1 max_area: 1 min_aspect: 1 max_aspect: 1 } mean_value: 7 scale: 2
      """
    #expect(try transformed(settings, square) == transformed("crop_size: 9 mean_value: 7 scale: 2", square))
  }

  @Test func `takes parts of every size, also of an image smaller than the crop`() throws {
    let small = try image(1, 5, 4)
    let outputs = try (0..<UInt64(50)).map { try transformed("crop_size: 8 random_resized_crop {}", small, number: $0) }
    #expect(outputs.allSatisfy { $0.count == 64 && $0.allSatisfy { (60...76).contains($0) } })
    #expect(Set(outputs).count > 10)
  }

  @Test func `takes the mean image where the pixels are`() throws {
    let folder = try TemporaryFolder()
    var mean = BlobProto()
    (mean.num, mean.channels, mean.height, mean.width) = (1, 3, 20, 30)
    for index in 0..<1800 { mean.data.append(Float(60 + (index % 30) * 4 + index / 30 % 20)) }
    let path = try folder.write("mean", mean.serializedBytes() as [UInt8])
    let settings = "crop_size: 9 random_resized_crop {} max_rotation_angle: 45 mirror: true mean_file: \"\(path)\""
    for number in 0..<20 {
      #expect(try transformed(settings, image(), number: UInt64(number)).allSatisfy { abs($0) < 1e-3 })
    }
  }

  @Test func `turns about the centre by at most the angle, either way`() throws {
    // A gradient to the right: a turn by a makes it rise downwards by tan a.
    let slopes = try (0..<UInt64(60)).map { number in
      let output = try transformed("max_rotation_angle: 30 crop_size: 0", image(1, 21, 21), number: number)
      let centre: Float = output[220]
      return atan2(output[241] - centre, output[221] - centre) - atan2(1, 4)
    }
    #expect(slopes.allSatisfy { abs($0) <= .pi / 6 + 0.01 })
    #expect(slopes.contains { $0 > 0.1 } && slopes.contains { $0 < -0.1 })
  }

  @Test func `keeps gray gray, whatever happens to the colours`() throws {
    let outputs = try (0..<UInt64(20)).map { number in
      try transformed("color_jitter { saturation: 1 hue: 0.5 }", image(), number: number)
    }
    let plain = try transformed("", image())
    for output in outputs { #expect(zip(output, plain).allSatisfy { abs($0 - $1) < 0.1 }) }
  }

  @Test func `makes images brighter or darker by at most the factor`() throws {
    let plain = try transformed("", image())
    let factors = try (0..<UInt64(50)).map { number in
      let output = try transformed("color_jitter { brightness: 0.2 }", image(), number: number)
      return output[0] / plain[0]
    }
    #expect(factors.allSatisfy { (0.799...1.201).contains($0) })
    #expect(factors.contains { $0 > 1.1 } && factors.contains { $0 < 0.9 })
  }

  // MARK: Bad input

  @Test(arguments: [
    ("random_resized_crop {}", "needs crop_size"), ("max_rotation_angle: -1", "must be 0 to 180"),
    ("max_rotation_angle: nan", "must be 0 to 180"),
    ("crop_size: 3 random_resized_crop { min_area: 0 }", "must rise and be above 0"),
    ("crop_size: 3 random_resized_crop { min_area: 0.5 max_area: 0.4 }", "must rise and be above 0"),
    ("crop_size: 3 random_resized_crop { min_aspect: -1 }", "must rise, 0.01 to 100"),
    ("color_jitter { contrast: 1.5 }", "contrast is 1.5"), ("color_jitter { hue: 0.6 }", "must be 0 to 0.5"),
  ])
  func `refuses settings that make no sense, in each phase`(settings: String, words: String) throws {
    for phase in [Phase.train, .test] {
      #expect(message { _ = try transformed(settings, image(), phase) }.contains(words))
    }
  }

  @Test func `refuses to colour an image without colours`() {
    #expect(message { _ = try transformed("color_jitter { hue: 0.1 }", image(1)) }.contains("need 3 channels"))
  }
}
