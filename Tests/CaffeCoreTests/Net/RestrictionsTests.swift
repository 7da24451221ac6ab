import Caffe
import CaffeTesting
import Foundation
import Testing

@Suite struct `A net that is not trusted` {
  private let folder: URL
  private var inside: String { folder.appending(path: "net").path }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "caffe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: "net/data"), withIntermediateDirectories: true)
    try FileManager.default.createDirectory(at: folder.appending(path: "net2"), withIntermediateDirectories: true)
    for file in ["net/a", "net/data/b", "secret", "net2/c"] { try Data([1]).write(to: folder.appending(path: file)) }
    for (link, target) in [("out", "../secret"), ("in", "data/b"), ("nowhere", "../new"), ("folder", "../net2")] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(inside)/\(link)", withDestinationPath: target)
    }
    try FileManager.default.createDirectory(at: folder.appending(path: "net/db"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: "\(inside)/db/data.mdb", withDestinationPath: "../../secret")
  }

  @Test(arguments: ["a", "data/b", "data/../a", "in", "new", "data/new", "data", "./a", "../net/a", "data//b"])
  func `may use what lies in its folder`(path: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try Restrictions(folder: inside).check("\(inside)/\(path)")
    try Restrictions(besides: "\(inside)/a").check("\(inside)/\(path)")
  }

  @Test(arguments: [
    "../secret", "out", "nowhere", "folder/c", "folder/new", "../net2/c", "..", "data/../../secret", "db", "gone/x",
  ])
  func `may not use what lies outside, wherever links lead`(path: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let restrictions = try Restrictions(folder: inside)
    let error = #expect(throws: NetError.self) { try restrictions.check("\(inside)/\(path)") }
    #expect(error?.problem.contains("and the net is not trusted") == true)
    #expect(throws: NetError.self) { try restrictions.check("/etc/passwd") }
    #expect(throws: NetError.self) { try restrictions.check("") }
    #expect(throws: NetError.self) { try restrictions.check("/dev/stdin") }
  }

  @Test func `may not use a folder with a file whose name is no text`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let restrictions = try Restrictions(folder: inside)
    let name = "\(inside)/data/".utf8.map(CChar.init(bitPattern:)) + [-1, 0]
    #expect(symlink("../../secret", name) == 0)
    let error = #expect(throws: NetError.self) { try restrictions.check("\(inside)/data") }
    #expect(error?.problem.contains("holds a file whose name is no UTF-8") == true)
    unlink(name)
  }

  @Test(arguments: [
    #"type: "Data" data_param { source: "/etc" }"#, #"type: "HDF5Output" hdf5_output_param { file_name: "/tmp/x.h5" }"#,
    #"type: "ImageData" image_data_param { source: "/etc/passwd" }"#,
    #"type: "HDF5Data" hdf5_data_param { source: "/etc/x" }"#,
    #"type: "WindowData" window_data_param { source: "/etc/x" }"#,
    #"type: "InfogainLoss" infogain_loss_param { source: "/x" }"#,
    #"type: "Data" data_param { source: "a" } transform_param { mean_file: "/etc/passwd" }"#,
  ])
  func `is refused for the files that its layers name`(layer: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var environment = NetEnvironment.standard(engine: .reference)
    environment.restrictions = try Restrictions(folder: inside)
    let error = #expect(throws: NetError.self) {
      try Net(
        NetDefinition(text: "layer { name: 'l' top: 'x' \(layer) }", file: "n"), phase: .train, in: environment)
    }
    #expect(error?.layer == "l")
    #expect(error?.problem.contains("the net is not trusted") == true)
  }

  /// Each field of caffe.proto that names a file has to be looked at.
  @Test func `has no field for files that nobody looks at`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let proto = URL(filePath: #filePath).appending(path: "../../../../Sources/CaffeProto/caffe.proto").standardized
    var message = ""
    var fields: Set<String> = []
    for line in try String(contentsOf: proto, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "message" { message = String(words[1]) }
      guard words.count > 2, words[1] == "string", !message.hasPrefix("V") else { continue }
      if words[2].contains("file") || words[2] == "source" { fields.insert("\(message).\(words[2])") }
    }
    #expect(
      fields == [
        "TransformationParameter.mean_file", "DataParameter.source", "DataParameter.mean_file",
        "HDF5DataParameter.source",
        "HDF5OutputParameter.file_name", "ImageDataParameter.source", "ImageDataParameter.mean_file",
        "InfogainLossParameter.source", "WindowDataParameter.source", "WindowDataParameter.mean_file",
      ])
  }

  @Test(arguments: [
    (#"type: "DummyData" dummy_data_param { shape { dim: 2000 dim: 2000 } }"#, "what the layer makes would take"),
    (#"type: "Parameter" parameter_param { shape { dim: 1000000 } }"#, "up to layer 'l'"),
    (#"type: "Input" input_param { shape { dim: 40000 dim: 50000 } }"#, "up to layer 'l'"),
    (
      #"type: "InnerProduct" bottom: "in" inner_product_param { num_output: 4000000 bias_term: false }"#,
      "up to layer 'l'"
    ),
    (#"type: "Tile" bottom: "in" tile_param { axis: 1 tiles: 1000000 }"#, "up to layer 'l'"),
  ])
  func `is refused where its blobs or parameters take more memory than the limit`(layer: String, says: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var environment = NetEnvironment.standard(engine: .reference)
    environment.restrictions = try Restrictions(folder: inside, memoryLimit: 1 << 20)
    let text = """
      layer { name: 'in' type: 'Input' top: 'in' input_param { shape { dim: 1 dim: 8 } } }
      layer { name: 'l' top: 'x' \(layer) }
      """
    let error = #expect(throws: NetError.self) {
      try Net(NetDefinition(text: text, file: "n"), phase: .test, in: environment)
    }
    #expect(error?.layer == "l")
    #expect(error?.problem.contains(says) == true)
    #expect(error?.problem.contains("but the limit is 1048576") == true)
  }

  @Test(arguments: ["BINARYPROTO", "HDF5"])
  func `writes no snapshot through a link that leads out of the folder`(format: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let suffix = format == "HDF5" ? ".h5" : ""
    for kind in ["caffemodel", "solverstate"] {
      let link = "\(inside)/run_iter_0.\(kind)\(suffix)"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../secret")
      defer { try? FileManager.default.removeItem(atPath: link) }
      var environment = NetEnvironment.standard(engine: .reference)
      environment.restrictions = try Restrictions(folder: inside)
      let solver = try Solver(
        SolverDefinition(
          text: """
            base_lr: 1 lr_policy: "fixed" snapshot_prefix: "\(inside)/run" snapshot_format: \(format) net_param {
              layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 dim: 3 } } }
              layer { name: "ip" type: "InnerProduct" bottom: "d" top: "ip" inner_product_param { num_output: 2 } } }
            """, file: "s"), in: environment)
      let error = #expect(throws: SolverError.self) { try solver.snapshot() }
      #expect(error?.problem.contains("leads out of the folder") == true)
      #expect(try Data(contentsOf: folder.appending(path: "secret")) == Data([1]))
    }
  }

  @Test(arguments: [
    (
      #"ImageData" image_data_param { new_height: 2000 new_width: 2000 source: "#,
      "images of the new size would take 48000000 bytes"
    ),
    (
      #"WindowData" transform_param { crop_size: 2000 } window_data_param { source: "#,
      "a batch of windows would take 48000000 bytes"
    ),
  ])
  func `is refused before pictures are made larger than the limit`(layer: String, says: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let list = layer.hasPrefix("I") ? "x.png 0\n" : "# 0\nx.png\n3\n9\n9\n2\n1 1 0 0 5 5\n0 0.1 0 0 5 5\n"
    try Data(list.utf8).write(to: folder.appending(path: "net/list.txt"))
    var environment = NetEnvironment.standard(engine: .reference)
    environment.restrictions = try Restrictions(folder: inside, memoryLimit: 1 << 20)
    let text = """
      layer { name: 'l' top: 'x' top: 'y' type: "\(layer)"\(inside)/list.txt" batch_size: 1 root_folder: "\(inside)/" } }
      """
    let error = #expect(throws: NetError.self) {
      try Net(NetDefinition(text: text, file: "n"), phase: .train, in: environment)
    }
    #expect(error?.problem.contains(says) == true, "\(error?.problem ?? "")")
  }

  @Test func `may not outgrow the limit later`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var environment = NetEnvironment.standard(engine: .reference)
    environment.restrictions = try Restrictions(folder: inside, memoryLimit: 1 << 16)
    let text = """
      layer { name: 'in' type: 'Input' top: 'in' input_param { shape { dim: 1 dim: 8 } } }
      layer { name: 't' type: 'Tile' bottom: 'in' top: 'x' tile_param { axis: 1 tiles: 100 } }
      """
    let net = try Net(NetDefinition(text: text, file: "n"), phase: .test, in: environment)
    try net.forward()
    net.blob("in")?.reshape(to: [100, 8])
    let error = #expect(throws: NetError.self) { try net.forward() }
    #expect(error?.layer == "t")
  }

  @Test func `is refused, trusted or not, where a blob has more elements than can be counted`() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let tiles = (1...4).map { index in
      """
      layer { name: 't\(index)' type: 'Tile' bottom: 'x\(index - 1)' top: 'x\(index)' tile_param { axis: \(index - 1) tiles: 2147483647 } }
      """
    }
    let text =
      "layer { name: 'in' type: 'Input' top: 'x0' input_param { shape { dim: 1 dim: 1 dim: 1 dim: 1 } } }\n"
      + tiles.joined(separator: "\n")
    let error = #expect(throws: NetError.self) {
      try Net(NetDefinition(text: text, file: "n"), phase: .test, in: .standard(engine: .reference))
    }
    #expect(error?.problem.hasPrefix("blob size exceeds INT_MAX") == true)
  }
}
