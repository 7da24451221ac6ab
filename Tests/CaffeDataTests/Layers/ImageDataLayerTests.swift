import CaffeCore
import CaffeData
import CaffeProto
import CaffeTesting
import Foundation
import Testing

@Suite struct `ImageData layer` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    "cat_32", "decode_color", "decode_gray", "gray_mean", "mean_file", "resize_down", "resize_gray", "resize_up",
    "same",
    "transform",
  ])
  func `puts out the batches of Caffe`(name: String) throws {
    let golden = try GoldenBatches("ImageData_\(name)")
    try golden.check(LayerRunner<ImageDataLayer>(golden.prototxt, phase: golden.phase))
  }

  @Test func `shuffles anew in each pass, the same way for the same seed`() throws {
    func labels(_ seed: UInt64) throws -> [[Float]] {
      let runner = try LayerRunner<ImageDataLayer>(net("same.txt", "batch_size: 5 shuffle: true"), seed: seed)
      return try (0..<8).map { _ in try runner.pass()[1] }
    }
    let passes = try labels(1)
    #expect(passes.allSatisfy { $0.sorted() == [0, 2, 3, 5, 6] })
    #expect(Set(passes).count > 4)
    #expect(try labels(1) == passes)
    #expect(try labels(2) != passes)
  }

  @Test func `goes on from a stored position as if nothing had happened`() throws {
    let text = net("same.txt", "batch_size: 3 shuffle: true rand_skip: 4", "crop_size: 5 mirror: true")
    let whole = try LayerRunner<ImageDataLayer>(text, phase: .train, seed: 7)
    try whole.passes(4)
    let resumed = try LayerRunner<ImageDataLayer>(text, phase: .train, seed: 99)
    resumed.layer.restore(seed: whole.layer.seed, position: whole.layer.position)
    #expect(try resumed.passes(5) == whole.passes(5))
  }

  @Test func `begins at a random place`() throws {
    let first = try (0..<20).map { seed in
      try LayerRunner<ImageDataLayer>(net("same.txt", "rand_skip: 5"), seed: seed).pass()[1][0]
    }
    #expect(Set(first) == [0, 2, 3, 5, 6])
  }

  @Test func `reads several numbers as labels`() throws {
    let list = try folder.write("list.txt", "s0.png 0.5 -1\ns1.png 2 3\n".utf8)
    let runner = try LayerRunner<ImageDataLayer>(net(list, "batch_size: 2 label_size: 2"))
    #expect(try runner.pass()[1] == [0.5, -1, 2, 3])
    #expect(runner.tops[1].shape == [2, 2])
  }

  @Test func `reads folders of classes`() throws {
    for (folderName, image) in [("b", "s0.png"), ("a", "s1.png")] {
      let path = folder.file("set/\(folderName)")
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: fixture("images/\(image)"), toPath: "\(path)/\(image)")
    }
    let runner = try LayerRunner<ImageDataLayer>(net(folder.file("set"), "batch_size: 2"))
    let tops = try runner.pass()
    let listed = try LayerRunner<ImageDataLayer>(net("same.txt", "batch_size: 2")).pass()
    #expect(tops[1] == [0, 1])
    let half = tops[0].count / 2
    #expect(Array(tops[0][half...] + tops[0][..<half]) == listed[0])
  }

  @Test func `gives the same images whether several threads decode them or one`() throws {
    let list = try folder.write(
      "list.txt", (0..<12).map { "\(["a", "b", "g_palette"][$0 % 3]).png \($0)\n" }.joined().utf8)
    func images(_ batchSize: Int) throws -> [Float] {
      try LayerRunner<ImageDataLayer>(
        net(list, "batch_size: \(batchSize) new_height: 80 new_width: 90 shuffle: true", "crop_size: 70 mirror: true"),
        phase: .train
      )
      .passes(24 / batchSize)
    }
    #expect(try images(1) == images(12))
  }

  @Test func `obeys EXIF unless told otherwise`() throws {
    let list = try folder.write("list.txt", "exif_6.jpg 0".utf8)
    for settings in ["", "is_color: false"] {
      let channels = settings.isEmpty ? 3 : 1
      func shape(_ transform: String) throws -> Shape {
        try LayerRunner<ImageDataLayer>(net(list, settings, transform)).tops[0].shape
      }
      #expect(try shape("") == [1, channels, 13, 11])
      #expect(try shape("exif_orientation: true") == [1, channels, 13, 11])
      #expect(try shape("exif_orientation: false") == [1, channels, 11, 13])
    }
  }

  @Test func `reads what there is of a JPEG that was cut short, and says so`() throws {
    let list = try folder.write("list.txt", "truncated.jpg 1\n".utf8)
    let log = KeptLog()
    let runner = try LayerRunner<ImageDataLayer>(net(list, "batch_size: 2"), logger: log.logger)
    #expect(try runner.pass()[1] == [1, 1])
    #expect(
      log.lines.contains {
        $0.contains("truncated.jpg: the JPEG file is damaged, and was read as far as it goes: Premature end")
      })
    #expect(log.lines.contains { $0.contains("(2 such images so far)") })
  }

  @Test func `reads BMP and PNM files`() throws {
    let ppm = try folder.write("a.ppm", Array("P6 2 1 255\n".utf8) + [1, 2, 3, 4, 5, 6])
    let list = try folder.write("list.txt", "\(ppm) 1\n".utf8)
    #expect(try LayerRunner<ImageDataLayer>(net(list, root: "")).pass() == [[3, 6, 2, 5, 1, 4], [1]])
  }

  @Test func `leaves corrupt images out, and counts them`() throws {
    let list = try folder.write("list.txt", "s0.png 0\ntruncated.jpg 1\ns1.png 2\nabsent.png 3\ns2.png 4\n".utf8)
    let runner = try LayerRunner<ImageDataLayer>(net(list, "batch_size: 3 skip_corrupt: true"))
    // What is read next takes the place of what is left out.
    #expect(try runner.pass()[1] == [0, 4, 2])
    #expect(runner.layer.position == 5)
    #expect(try runner.pass()[1] == [0, 4, 2])
  }

  // MARK: Bad input

  @Test func `says which image is missing or damaged`() throws {
    let absent = try folder.write("list.txt", "absent.png 3".utf8)
    let text = message { _ = try LayerRunner<ImageDataLayer>(net(absent)) }
    #expect(text.contains("Could not load \(fixture("images"))/absent.png: "))
    #expect(text.contains("Could not open or find file: No such file or directory"))
    for (name, content, reason) in [
      ("empty.jpg", "", "the image file is empty"), ("text.jpg", "text", "it is no JPEG, PNG, BMP or PNM file"),
    ] {
      let list = try folder.write("list.txt", "\(folder.write(name, content.utf8)) 3".utf8)
      let text = message { _ = try LayerRunner<ImageDataLayer>(net(list, root: "")) }
      #expect(text.contains("Could not load") && text.contains(name) && text.contains(reason))
    }
    let directory = try folder.write("list.txt", "\(folder.path) 3".utf8)
    #expect(message { _ = try LayerRunner<ImageDataLayer>(net(directory, root: "")) }.contains("it is a directory"))
  }

  @Test func `gives up when no image can be read`() throws {
    let list = try folder.write("list.txt", "truncated.jpg 1\nabsent.png 3\n".utf8)
    let text = message { _ = try LayerRunner<ImageDataLayer>(net(list, "batch_size: 3 skip_corrupt: true")) }
    #expect(text.contains("not one of 2 images can be read"))
  }

  @Test func `refuses images of different sizes in one batch`() throws {
    let text = message { _ = try LayerRunner<ImageDataLayer>(net("mixed.txt", "batch_size: 2")) }
    #expect(text.contains("b.png: it is 3x18x28, but the first of its batch is 3x20x24"))
  }

  @Test func `refuses an image smaller than the crop, corrupt or not`() throws {
    let text = message { _ = try LayerRunner<ImageDataLayer>(net("same.txt", "skip_corrupt: true", "crop_size: 13")) }
    #expect(text.contains("crop_size 13 is larger than the image, which is 3x12x14"))
  }

  @Test func `refuses a mean of another shape`() throws {
    let text = message {
      _ = try LayerRunner<ImageDataLayer>(net("same.txt", "", "mean_file: \"mean_lmdb_gray.binaryproto\""))
    }
    #expect(text.contains("the image is 3x12x14, but the mean in mean_file is 1x15x11"))
  }

  @Test func `refuses settings that make no sense`() {
    for (settings, words) in [
      ("new_height: 3", "new_height and new_width to be set at the same time"), ("batch_size: 0", "batch_size is 0"),
      ("label_size: 0", "label_size is 0"), ("new_height: 70000 new_width: 1", "65535 at most"),
    ] {
      #expect(message { _ = try LayerRunner<ImageDataLayer>(net("same.txt", settings)) }.contains(words))
    }
    #expect(message { _ = try LayerRunner<ImageDataLayer>(net("")) }.contains("source is missing"))
    let skips = (0..<20).map { seed in
      message { _ = try LayerRunner<ImageDataLayer>(net("same.txt", "rand_skip: 1000000"), seed: seed) }
    }
    #expect(skips.contains { $0.contains("Not enough points to skip") })
  }

  private func net(_ source: String, _ settings: String = "", _ transform: String = "", root: String? = nil) -> String {
    """
    layer {
      type: "ImageData" top: "data" top: "label"
      image_data_param { source: "\(source)" root_folder: "\(root ?? "images/")" \(settings) }
      transform_param { \(transform) }
    }
    """
    .replacingOccurrences(of: "source: \"\"", with: "")
    .replacingOccurrences(of: "root_folder: \"\"", with: "")
  }
}
