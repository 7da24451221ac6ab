import Foundation

extension Scenario {
  /// Trains a small net on an LMDB and tests it on a LevelDB, with a mean file; writes two snapshots.
  static let training = Scenario(
    name: "train", arguments: ["train", "--solver", "solver.prototxt"], files: writeTrainingFiles,
    preparation: conversions, isTraining: true)

  static let trainingWithHDF5 = training.changed {
    $0.name = "train-hdf5"
    $0.arguments[2] = "solver_hdf5.prototxt"
  }

  /// Goes on from the first snapshot.
  static let resuming = training.changed {
    $0.name = "resume"
    $0.preparation.append($0.arguments)
    $0.arguments += ["--snapshot", "run_iter_2.solverstate"]
  }

  static let resumingWithHDF5 = trainingWithHDF5.changed {
    $0.name = "resume-hdf5"
    $0.preparation.append($0.arguments)
    $0.arguments += ["--snapshot", "run_iter_2.solverstate.h5"]
  }

  /// Puts images into a database.
  static let converting = ["lmdb", "leveldb"].map { backend in
    Scenario(
      name: "convert-\(backend)",
      arguments: ["convert_imageset", "-backend", backend, "images/", "list.txt", "db"], files: writeImages)
  }

  static let averaging = ["lmdb", "leveldb"].map { backend in
    training.changed {
      $0.name = "mean-\(backend)"
      $0.arguments = ["compute_image_mean", "-backend", backend, "digits_\(backend)", "mean"]
      $0.isTraining = false
    }
  }

  static let testing = training.changed {
    $0.name = "test"
    $0.preparation.append($0.arguments)
    $0.arguments = ["test", "--model", "net.prototxt", "--weights", "run_iter_4.caffemodel", "--iterations", "2"]
    $0.isTraining = false
  }

  /// Other commands that write files.
  static let others =
    ["lmdb", "leveldb", "hdf5"].map { type in
      testing.changed {
        $0.name = "features-\(type)"
        $0.arguments = ["extract_features", "run_iter_4.caffemodel", "net.prototxt", "ip", "features", "2", type]
      }
    } + [
      Scenario(
        name: "convert-mnist", arguments: ["convert_mnist_data", "images", "labels", "db"], files: writeTrainingFiles),
      Scenario(
        name: "convert-archive", arguments: ["convert_imageset", "", "images.tar", "db"], files: writeArchive),
      Scenario(
        name: "resize",
        arguments: [
          "resize_and_crop_images", "--input_folder", "images", "--output_folder", "squares",
          "--output_side_length", "4", "--num_clients", "1",
        ], files: writeImages, isLasting: false),
      testing.changed {
        $0.name = "upgrade-binary"
        $0.arguments = ["upgrade_net_proto_binary", "run_iter_4.caffemodel", "new.caffemodel"]
        $0.failures = [1, 2]
      },
      training.changed {
        $0.name = "upgrade-text"
        $0.arguments = ["upgrade_net_proto_text", "net.prototxt", "new.prototxt"]
        $0.failures = [1, 2]
        $0.isTraining = false
      },
      Scenario(name: "draw", arguments: ["draw_net", "net.prototxt", "net.svg"]) { folder in
        let net = #"layer { name: "in" type: "Input" top: "in" input_param { shape { dim: 1 } } }"#
        try Data(net.utf8).write(to: folder.appending(path: "net.prototxt"))
      },
      Scenario(name: "parse-log", arguments: ["parse_log", "year.log", "."]) { folder in
        try copy("tool/year.log", to: folder.appending(path: "year.log"))
      },
    ]

  static let all =
    [training, trainingWithHDF5, resuming, resumingWithHDF5, testing] + converting + averaging + others

  // MARK: Their files

  private func changed(_ change: (inout Scenario) -> Void) -> Scenario {
    var scenario = self
    change(&scenario)
    return scenario
  }

  private static let conversions =
    ["lmdb", "leveldb"].map { ["convert_mnist_data", "-backend", $0, "images", "labels", "digits_\($0)"] } + [
      ["compute_image_mean", "digits_lmdb", "digits_mean.binaryproto"]
    ]

  private static let net = """
    name: "digits"
    layer {
      name: "digits" type: "Data" top: "data" top: "label" include { phase: TRAIN }
      transform_param { mirror: true scale: 0.00390625 mean_file: "digits_mean.binaryproto" }
      data_param { source: "digits_lmdb" batch_size: 3 backend: LMDB }
    }
    layer {
      name: "digits" type: "Data" top: "data" top: "label" include { phase: TEST }
      transform_param { scale: 0.00390625 mean_file: "digits_mean.binaryproto" }
      data_param { source: "digits_leveldb" batch_size: 3 backend: LEVELDB }
    }
    layer {
      name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
      inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
    }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
    """

  private static let solver = """
    net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 max_iter: 4 display: 1
    test_iter: 1 test_interval: 2 snapshot: 2 snapshot_prefix: "run" random_seed: 3
    """

  private static func writeTrainingFiles(_ folder: URL) throws {
    let count = 5
    let pixels = (0..<count * 16).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 37) }
    try idx([count, 4, 4], pixels).write(to: folder.appending(path: "images"))
    try idx([count], (0..<count).map { UInt8($0) }).write(to: folder.appending(path: "labels"))
    try Data(net.utf8).write(to: folder.appending(path: "net.prototxt"))
    try Data(solver.utf8).write(to: folder.appending(path: "solver.prototxt"))
    try Data((solver + " snapshot_format: HDF5").utf8).write(to: folder.appending(path: "solver_hdf5.prototxt"))
  }

  private static func idx(_ shape: [Int], _ bytes: [UInt8]) -> Data {
    Data([0, 0, 8, UInt8(shape.count)])
      + shape.flatMap { extent in withUnsafeBytes(of: UInt32(extent).bigEndian) { Data($0) } } + bytes
  }

  private static func writeImages(_ folder: URL) throws {
    let images = folder.appending(path: "images")
    try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
    let list = try String(contentsOf: fixtures.appending(path: "data/same.txt"), encoding: .utf8)
    let lines = list.split(separator: "\n").prefix(3)
    for line in lines {
      let name = String(line.prefix { $0 != " " })
      try copy("data/images/\(name)", to: images.appending(path: name))
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: folder.appending(path: "list.txt"))
  }

  /// A tar archive with two classes of one image each.
  private static func writeArchive(_ folder: URL) throws {
    var archive = Data()
    for (name, image) in [("a/1.png", "s0.png"), ("b/2.png", "s1.png")] {
      let file = try Data(contentsOf: fixtures.appending(path: "data/images/\(image)"))
      var header = Data(count: 512)
      func put(_ text: String, at place: Int) {
        header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
      }
      put(name, at: 0)
      put("0000644", at: 100)
      let size = String(file.count, radix: 8)
      put(String(repeating: "0", count: 11 - size.count) + size, at: 124)
      put("        ", at: 148)
      put("0", at: 156)
      put("ustar", at: 257)
      put("00", at: 263)
      let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
      put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", at: 148)
      archive += header + file + Data(count: (512 - file.count % 512) % 512)
    }
    try (archive + Data(count: 1024)).write(to: folder.appending(path: "images.tar"))
  }

  private static func copy(_ fixture: String, to place: URL) throws {
    try FileManager.default.copyItem(at: fixtures.appending(path: fixture), to: place)
  }

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")
}
