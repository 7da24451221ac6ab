import Caffe
import Foundation
import Testing

@Suite struct `caffe test with a sheet` {
  private let folder: Scratch

  /// A net that takes every image for one of class 6.
  init() throws {
    folder = try Scratch()
    _ = try folder.write(
      """
      layer {
        name: "data" type: "Data" top: "data" top: "label" transform_param { mean_value: 100 scale: 0.5 }
        data_param { source: "\(dataFixture("lmdb_same"))" batch_size: 5 backend: LMDB }
      }
      layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 7 } }
      layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }
      """, to: "net.prototxt")
    var layer = LayerDefinition()
    layer.name = "ip"
    let tensors: [([Int64], [Float])] = [
      ([7, 504], Array(repeating: 0, count: 3528)), ([7], [0, 0, 0, 0, 0, 0, 9]),
    ]
    for (shape, values) in tensors {
      var blob = BlobProto()
      blob.shape.dim = shape
      blob.data = values
      layer.blobs.append(blob)
    }
    var weights = NetParameter()
    weights.layer = [layer]
    try BinaryProto.write(weights, path: folder.url.path + "/w.caffemodel")
  }

  private func run(_ arguments: String...) throws -> Run {
    try Run(
      ["test", "-model", "net.prototxt", "-weights", "w.caffemodel", "-iterations", "1"] + arguments, in: folder.url)
  }

  private func sheet() throws -> Bitmap {
    try Bitmap(decoding: Data(contentsOf: folder.url.appending(path: "answers.png")))
  }

  @Test func `draws the images tested, and counts right answers as the net does`() throws {
    let run = try run("-sheet", "answers.png")
    #expect(run.status == 0)
    #expect(run.messages.contains("accuracy = 0.2"))
    #expect(run.messages.contains("1 of 5 images are classified rightly, drawn in answers.png"))
    let sheet = try sheet()
    let pixels = stride(from: 0, to: sheet.pixels.count, by: 3).map { Array(sheet.pixels[$0..<$0 + 3]) }
    // Frames are 3 pixels wide around 96: four in red, one in green.
    let (red, green) = (pixels.count { $0 == [0, 0, 200] }, pixels.count { $0 == [40, 128, 0] })
    #expect(red > 4 * 1188 && red < 5 * 1188)
    #expect(green > 1188 && green < 2 * 1188)
    // The images between them are as they were before mean and scale.
    #expect(Set(pixels).count > 100)
  }

  @Test func `calls classes by their names`() throws {
    _ = try run("-sheet", "answers.png")
    let plain = try sheet()
    _ = try folder.write("a\nb\nc\nd\ne\nf\nseventh\n", to: "names.txt")
    let run = try run("-sheet", "answers.png", "-class_names", "names.txt")
    #expect(run.status == 0)
    #expect(try sheet() != plain)
  }

  @Test func `needs a picture's name, and a sheet where classes are named`() throws {
    let wrong = try run("-sheet", "answers.jpg")
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("-sheet needs a name that ends in .png."))
    let alone = try run("-class_names", "names.txt")
    #expect(alone.status == 2)
    #expect(alone.errors.contains("-class_names is for -sheet, which is missing."))
  }

  @Test func `says which file of names cannot be read`() throws {
    let run = try run("-sheet", "answers.png", "-class_names", "none.txt")
    #expect(run.status == 1)
    #expect(run.errors.contains("none.txt: the file with the names of the classes cannot be read"))
  }

  @Test func `needs a net that classifies`() throws {
    try folder.write(
      "net.prototxt", replacing: #"name: "accuracy""#, by: #"name: "accuracy" exclude { phase: TEST }"#,
      to: "net.prototxt")
    let run = try run("-sheet", "answers.png")
    #expect(run.status == 1)
    #expect(run.errors.contains("-sheet needs a net with an Accuracy or SoftmaxWithLoss layer"))
  }
}
