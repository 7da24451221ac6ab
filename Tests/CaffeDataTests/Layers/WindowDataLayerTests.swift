import CaffeCore
import CaffeData
import CaffeProto
import Foundation
import Testing

@Suite struct `WindowData layer` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: ["context", "scale", "square", "square_context", "thresholds", "warp"])
  func `puts out the batches of Caffe`(name: String) throws {
    let golden = try GoldenBatches("WindowData_\(name)")
    try golden.check(LayerRunner<WindowDataLayer>(golden.prototxt, phase: golden.phase))
  }

  @Test func `draws every window of a kind, and mirrors half of them`() throws {
    let runner = try runner(
      "2\n1 0.9 0 0 3 3\n2 0.9 0 0 9 9\n3 0.1 5 5 9 9", "batch_size: 4 fg_fraction: 0.5", "mirror: true")
    var labels: Set<Float> = []
    var images: Set<[Float]> = []
    for _ in 0..<20 {
      let tops = try runner.pass()
      #expect(tops[1].prefix(2) == [0, 0])
      labels.formUnion(tops[1].suffix(2))
      images.insert(Array(tops[0].prefix(3 * 64)))
    }
    #expect(labels == [1, 2])
    #expect(images.count == 2)
  }

  @Test func `goes on from a stored position as if nothing had happened`() throws {
    func make() throws -> LayerRunner<WindowDataLayer> {
      try runner("2\n1 0.9 0 0 3 3\n2 0.9 0 0 9 9\n3 0.1 5 5 9 9", "batch_size: 4 cache_images: true", "mirror: true")
    }
    let whole = try make()
    try whole.passes(3)
    let resumed = try make()
    resumed.layer.restore(seed: whole.layer.seed, position: whole.layer.position)
    #expect(try resumed.passes(3) == whole.passes(3))
  }

  @Test func `takes the middle of a mean image`() throws {
    var mean = BlobProto()
    (mean.num, mean.channels, mean.height, mean.width) = (1, 3, 10, 10)
    for index in 0..<300 { mean.data.append(Float(index % 100)) }
    let path = try folder.write("mean", mean.serializedBytes() as [UInt8])
    let windows = "2\n1 0.9 0 0 7 7\n1 0.1 0 0 7 7"
    let plain = try runner(windows, "batch_size: 1 fg_fraction: 1").pass()[0]
    let centred = try runner(windows, "batch_size: 1 fg_fraction: 1", "mean_file: \"\(path)\"").pass()[0]
    // Place (1, 1) of the mean belongs to place (0, 0) of the crop.
    #expect(plain[0] - centred[0] == 11)
    #expect(plain[9] - centred[9] == 22)
  }

  @Test func `takes files with a byte order mark, ends of lines of Windows, and paths with blanks`() throws {
    let windows = "1 0.9 0 0 7 7\n1 0.1 0 0 7 7\n"
    let plain = try runner(file: folder.write("w", "# 0\na.png\n3\n20\n24\n2\n\(windows)".utf8)).pass()
    let marked = "\u{FEFF}# 0\na.png 3 20 24 2\n\(windows)".split(separator: "\n").joined(separator: "\r\n")
    #expect(try runner(file: folder.write("w", marked.utf8)).pass() == plain)
    let blank = "# 0\nwith space.png\n3 20 24 2\n\(windows)"
    #expect(try runner(file: folder.write("w", blank.utf8)).pass()[1] == plain[1])
  }

  // MARK: Bad input

  @Test func `says in words why the file cannot be read`() throws {
    for (path, words) in [
      ("/absent", "/absent: No such file or directory"), (folder.path, ": it is a directory"),
      (try folder.write("utf16", [0xFF, 0xFE, 0x23, 0]), ": it is in UTF-16; save it in UTF-8"),
    ] {
      let text = message { _ = try runner(file: path) }
      #expect(text.contains(words) && !text.contains("CocoaError"), "\(text)")
    }
    #expect(
      message { _ = try runner(file: folder.write("w", "\u{A0}# 0".utf8)) }.contains("'<U+00A0, no-break space>#'"))
  }

  @Test func `refuses a window outside of its image`() {
    let text = message { _ = try runner("2\n1 0.9 100 0 110 9\n1 0.1 100 0 110 9") }
    #expect(text.contains("the box (100, 0) to (110, 9) lies outside the image, which is 24x20"))
  }

  @Test func `refuses a file that is missing, empty or out of order`() throws {
    #expect(message { _ = try runner(file: "/absent") }.contains("Failed to open window file /absent"))
    #expect(message { _ = try runner(file: folder.write("w", [])) }.contains("Window file is empty"))
    for (text, words) in [
      ("# 1\na.png 3 20 24 0", ":1: image 1 comes where image 0 must"), ("x", "where '#' must begin an image"),
      ("# 0\na.png\n3 20", "the width of image 0 is missing"), ("# 0\na.png 1 20 24 0", "but 3 are read"),
      ("# 0\na.png 3 20 24 1\n1 x 0 0 1 1", ":3: the overlap of a window is missing or no number"),
      ("# 0\na.png 3 20 24 1\n1 0.9 5 5 1 1", "the window (5, 5) to (1, 1) is no box"),
      ("# 0\na.png 3 20 24 1\n0 0.9 0 0 1 1", "a window that overlaps an object has class 0"),
      ("# 0\na.png 3 20 24 1\n1 0.1 0 0 1 1", "has no window that overlaps by fg_threshold"),
      ("# 0\na.png 3 20 24 1\n1 0.9 0 0 1 1", "has no window that overlaps by less than bg_threshold"),
    ] {
      #expect(message { _ = try runner(file: folder.write("w", text.utf8)) }.contains(words), "\(text)")
    }
  }

  @Test func `refuses settings that make no sense`() {
    let windows = "2\n1 0.9 0 0 7 7\n1 0.1 0 0 7 7"
    for (settings, transform, words) in [
      ("crop_mode: \"round\"", "", "crop_mode is \"round\""), ("context_pad: 4", "", "leaves nothing of a crop of 8"),
      ("fg_fraction: 2", "", "fg_fraction is 2"), ("batch_size: 0", "", "batch_size is 0"),
      ("", "crop_size: 0", "WindowData needs one"), ("", "mean_value: 1 mean_value: 2", "Specify either 1 mean_value"),
      ("", "mean_file: \"mean_lmdb_same.binaryproto\"", "must be a square"),
    ] {
      #expect(message { _ = try runner(windows, settings, transform) }.contains(words), "\(words)")
    }
  }

  private func runner(
    _ windows: String, _ settings: String = "batch_size: 4", _ transform: String = ""
  ) throws -> LayerRunner<WindowDataLayer> {
    let count = windows.split(separator: "\n").count - 1
    let text = "# 0\na.png 3 20 24 \(count)\n" + windows.split(separator: "\n").dropFirst().joined(separator: "\n")
    return try runner(file: folder.write("windows.txt", text.utf8), settings, transform)
  }

  private func runner(
    file: String, _ settings: String = "batch_size: 4", _ transform: String = ""
  ) throws -> LayerRunner<WindowDataLayer> {
    let size = settings.contains("batch_size") ? "" : "batch_size: 4"
    let crop = transform.contains("crop_size") ? "" : "crop_size: 8"
    return try LayerRunner(
      """
      layer {
        type: "WindowData" top: "data" top: "label"
        window_data_param { source: "\(file)" root_folder: "images/" \(size) \(settings) }
        transform_param { \(crop) \(transform) }
      }
      """, phase: .train)
  }
}
