import Caffe
import Foundation

/// A folder with a small database of noise images, a net that learns them, and a solver: everything that `caffe train` touches.
///
/// Chance is everywhere in it (crops, mirrors, Dropout), so that a resumed run goes astray unless all of it is kept.
final class DigitsFolder {
  let scratch = try! Scratch()
  var path: String { scratch.url.path }

  static let net = """
    name: "digits"
    layer {
      name: "digits" type: "Data" top: "data" top: "label"
      transform_param { crop_size: 6 mirror: true scale: 0.00390625 }
      data_param { source: "digits_lmdb" batch_size: 7 backend: LMDB }
    }
    layer {
      name: "conv" type: "Convolution" bottom: "data" top: "conv"
      convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } }
    }
    layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
    layer { name: "drop" type: "Dropout" bottom: "pool" top: "pool" dropout_param { dropout_ratio: 0.3 } }
    layer {
      name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
      inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
    }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
    """

  static let solver = """
    net: "net.prototxt"
    base_lr: 0.01 lr_policy: "inv" gamma: 0.001 power: 0.75 momentum: 0.9
    max_iter: 8 display: 2 snapshot: 4 snapshot_prefix: "run" random_seed: 5
    """

  init() throws {
    try scratch.write(Self.net, to: "net.prototxt")
    try scratch.write(Self.solver, to: "solver.prototxt")
    try writeDatabase("digits_lmdb", count: 50)
  }

  /// Makes a database of `count` images of 8×8 pixels, with labels 0 to 9.
  func writeDatabase(_ name: String, count: Int) throws {
    var random = Random(seed: 3)
    let pixels = (0..<count * 64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let images = try scratch.write(Self.idx([count, 8, 8], pixels), to: "images")
    let labels = try scratch.write(Self.idx([count], (0..<count).map { UInt8($0 % 10) }), to: "labels")
    try convertMNIST(images: images, labels: labels, database: "\(path)/\(name)")
  }

  /// Changes a part of a file.
  func replace(_ part: String, by other: String, in file: String) throws {
    try scratch.write(file, replacing: part, by: other, to: file)
  }

  func train(_ arguments: String...) throws -> Run {
    try Run(["train", "--solver", "solver.prototxt"] + arguments, in: scratch.url)
  }

  func bytes(_ file: String) throws -> Data { try Data(contentsOf: scratch.url.appending(path: file)) }

  func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }

  private static func idx(_ shape: [Int], _ bytes: [UInt8]) -> Data {
    var data = Data([0, 0, 8, UInt8(shape.count)])
    for extent in shape { data += withUnsafeBytes(of: UInt32(extent).bigEndian) { Data($0) } }
    return data + bytes
  }
}
