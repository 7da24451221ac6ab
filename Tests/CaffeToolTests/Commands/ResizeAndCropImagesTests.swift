import Caffe
import Foundation
import Testing

@Suite struct `resize_and_crop_images` {
  private let folder: Scratch

  init() throws {
    folder = try Scratch()
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "in/below"), withIntermediateDirectories: true)
    for (source, target) in [("a.png", "a.png"), ("c.jpg", "below/c.JPG")] {
      try FileManager.default.copyItem(
        atPath: dataFixture("images/\(source)"), toPath: folder.url.path + "/in/" + target)
    }
    try folder.write("no image", to: "in/notes.txt")
  }

  @Test func `makes squares of the middles of all images, also in folders below`() throws {
    let run = try Run(
      "--input_folder=in", "--output_folder=out", "--output_side_length=10", "--image_lib=opencv", "--num_clients=2",
      as: "resize_and_crop_images.py", in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages.contains("Wrote 2 images of 10x10."))
    let square = try image("out/a.png")
    let whole = try image("in/a.png")
    // 20×24 pixels become 10×12, of which one column is cut off at each side.
    #expect((whole.height, whole.width) == (20, 24))
    let small = whole.resized(height: 10, width: 12)
    #expect((square.height, square.width) == (10, 10))
    #expect(Array(square.pixels[..<30]) == Array(small.pixels[3..<33]))
    #expect(try image("out/below/c.JPG").width == 10)
  }

  @Test func `takes the images of a list, and names those that cannot be read`() throws {
    try folder.write("a.png\nabsent.png\nnotes.txt\n", to: "list")
    let run = try Run(
      "resize_and_crop_images", "--input", "list", "--input_folder", "in", "--output_folder", "out", in: folder.url)
    #expect(run.status == 1)
    #expect(run.messages.contains("Could not open or find file in/absent.png"))
    #expect(run.messages.contains("in/notes.txt: it is no JPEG, PNG, BMP or PNM file"))
    #expect(run.errors.contains("2 of 3 images could not be read"))
    #expect(try image("out/a.png").width == 256)
  }

  // MARK: Bad input

  @Test func `refuses a folder without images and an extent of 0`() throws {
    try FileManager.default.createDirectory(at: folder.url.appending(path: "empty"), withIntermediateDirectories: true)
    let empty = try Run(
      "resize_and_crop_images", "--input_folder", "empty", "--output_folder", "out", in: folder.url)
    #expect(empty.status == 1 && empty.errors.contains("empty: there are no images"))
    let none = try Run(
      "resize_and_crop_images", "--input_folder", "in", "--output_folder", "out", "--output_side_length", "0",
      in: folder.url)
    #expect(none.status == 2)
  }
  @Test func `needs folders with names`() throws {
    // An empty output folder is not the root of the file system.
    for (input, output) in [("in", ""), ("", "out")] {
      let run = try Run("resize_and_crop_images", "--input_folder", input, "--output_folder", output, in: folder.url)
      #expect(run.status == 2 && run.errors.contains("needs a name, and is empty"))
    }
  }

  private func image(_ name: String) throws -> Bitmap {
    try Bitmap(decoding: Data(contentsOf: folder.url.appending(path: name)))
  }
}
