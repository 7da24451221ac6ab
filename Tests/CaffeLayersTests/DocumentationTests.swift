import Caffe
import CaffeTesting
import Foundation
import Testing

@Suite struct `The documentation` {
  @Test func `has a page for each layer type, as there is a source, a test and an entry in the registry`() throws {
    let sources = try files(in: "Sources", ending: "Layer.swift").filter { path in
      try String(contentsOf: path, encoding: .utf8).contains("public static let type = \"")
    }
    let root = try String(contentsOf: DocumentationPage.folder.appending(path: "Caffe.md"), encoding: .utf8)
    let lists: [(types: Set<String>, remedy: String)] = [
      (names(of: sources, ending: "Layer.swift"), "write Sources/<target>/<family>/TYPELayer.swift"),
      (Set(LayerRegistry.standard.names), "add it to LayerTypes.swift, or to the list of its target"),
      (
        names(of: try files(in: "Tests", ending: "LayerTests.swift"), ending: "LayerTests.swift"),
        "write Tests/<target>Tests/<family>/TYPELayerTests.swift"
      ),
      (Set(try DocumentationPage.layers().map(\.name)), "write Sources/Caffe/Caffe.docc/Layers/TYPE.md"),
      (
        Set(root.components(separatedBy: "<doc:").dropFirst().map { $0.components(separatedBy: ">")[0] })
          .subtracting(try DocumentationPage.all().map(\.name).filter { LayerRegistry.standard[$0] == nil }),
        "list <doc:TYPE> in Sources/Caffe/Caffe.docc/Caffe.md"
      ),
    ]
    let all = lists.reduce(into: Set()) { $0.formUnion($1.types) }
    for type in all.sorted() {
      for list in lists where !list.types.contains(type) {
        Issue.record("\(type): \(list.remedy.replacingOccurrences(of: "TYPE", with: type))")
      }
    }
  }

  @Test(arguments: try DocumentationPage.all())
  func `tells the fields, types and defaults that caffe.proto declares`(page: DocumentationPage) throws {
    for (heading, rows) in page.fieldTables {
      let message = try #require(
        self.message(heading), "a section with a table of fields is named after a field of LayerParameter, or a message"
      )
      // The settings of the types have pages of their own.
      let fields = message.fields.filter { message.name != "LayerParameter" || !$0.name.hasSuffix("_param") }
      let expected = fields.map(FieldRow.init)
      #expect(rows == expected, "\(page.name).md, ## \(heading): the rows must begin with\n\(lines(expected))")
    }
  }

  @Test(arguments: try DocumentationPage.layers())
  func `tells all parameters that a layer type has`(page: DocumentationPage) {
    let sections = page.fieldTables.map(\.heading)
    #expect(sections == parameterFields(of: page.name), "the sections with tables of fields, by their headings")
    #expect(page.text.contains("There are no parameters.") == sections.isEmpty)
  }

  @Test(arguments: try DocumentationPage.layers())
  func `tells how many blobs a layer takes, and whether it works in place`(page: DocumentationPage) throws {
    let type = try #require(LayerRegistry.standard[page.name], "there is a page, but no such type")
    let tops = type.hasOneTopForEachBottom ? "one for each bottom" : text(type.topCount)
    let facts = "Bottoms: \(text(type.bottomCount)). Tops: \(tops). In place: \(type.worksInPlace ? "yes" : "no").\n"
    #expect(page.text.contains(facts), "below the heading Blobs, it must say: \(facts)")
  }

  @Test(arguments: try DocumentationPage.layers())
  func `has an example, the purpose, rules and a source on each page of a layer`(page: DocumentationPage) {
    #expect(page.text.hasPrefix("# \(page.name)\n\n"))
    #expect(page.blocks(of: "prototxt").contains { $0.contains("type: \"\(page.name)\"") })
    for heading in ["Blobs", "Rules", "Example", "Source"] { #expect(page.text.contains("\n## \(heading)\n")) }
  }

  @Test(arguments: try DocumentationPage.all(), EngineChoice.allCases)
  func `has examples that run`(page: DocumentationPage, engine: EngineChoice) throws {
    let files = try ExampleFiles()
    // Blocks without layers are solvers'.
    let nets = page.blocks(of: "prototxt").filter { $0.contains("layer {") }
    for (block, phase) in nets.flatMap({ [($0, Phase.train), ($0, .test)] }) {
      let definition = try NetDefinition(text: files.resolve(block), file: "\(page.name).md")
      let net = try Net(definition, phase: phase, in: environment(engine))
      for case let layer as MemoryDataLayer in net.layers.map(\.layer) {
        try layer.setArrays(data: Array(repeating: 1, count: net.blobs[0].count), labels: [0, 1])
      }
      try net.forward()
      if phase == .train, net.layers.contains(where: { $0.lossWeights.contains { $0 != 0 } }) { try net.backward() }
      for (name, blob) in zip(net.blobNames, net.blobs) {
        #expect(isFinite(blob.data), "\(name) is not finite")
      }
      for parameter in net.learnableParameters {
        #expect(isFinite(parameter.blob.diff), "a gradient is not finite")
      }
    }
  }

  @Test(arguments: try DocumentationPage.all())
  func `links to pages that are there`(page: DocumentationPage) throws {
    let names = Set(try DocumentationPage.all().map(\.name))
    for link in page.text.components(separatedBy: "<doc:").dropFirst() {
      let name = link.components(separatedBy: ">")[0]
      #expect(names.contains(name), "\(page.name).md links to <doc:\(name)>")
    }
  }

  // MARK: Parts

  private func isFinite(_ buffer: Buffer) -> Bool { buffer.values.allSatisfy(\.isFinite) }

  private func environment(_ engine: EngineChoice) -> NetEnvironment {
    NetEnvironment(registry: .standard, seed: 1, logger: KeptLog().logger, makeEngine: { engine.make() })
  }

  private func files(in folder: String, ending: String) throws -> [URL] {
    let all = FileManager.default.enumerator(
      at: packageFolder.appending(path: folder), includingPropertiesForKeys: nil)
    return (all?.allObjects as? [URL] ?? []).filter { $0.lastPathComponent.hasSuffix(ending) }
  }

  private func names(of files: [URL], ending: String) -> Set<String> {
    Set(files.map { String($0.lastPathComponent.dropLast(ending.count)) }.filter { !$0.isEmpty })
  }

  private func message(_ heading: String) -> Schema.MessageType? {
    guard case .message(let name)? = Schema.caffe.messages["LayerParameter"]?.field(named: heading)?.kind else {
      return Schema.caffe.messages[heading]
    }
    return Schema.caffe.messages[name]
  }

  /// The settings that a layer type reads, as fields of LayerParameter: those of its own name, and those of others.
  private func parameterFields(of type: String) -> [String] {
    let borrowed: [String: [String]] = [
      "Deconvolution": ["convolution_param"], "Im2col": ["convolution_param"], "LSTM": ["recurrent_param"],
      "RNN": ["recurrent_param"], "SoftmaxWithLoss": ["softmax_param", "loss_param"], "InfogainLoss": ["loss_param"],
      "SigmoidCrossEntropyLoss": ["loss_param"], "Data": ["transform_param"], "HDF5Data": ["transform_param"],
      "ImageData": ["transform_param"],
      "MemoryData": ["transform_param"], "WindowData": ["transform_param"],
    ]
    let own = Schema.caffe.messages["LayerParameter"]?.fields.filter { $0.kind == .message("\(type)Parameter") } ?? []
    return own.map(\.name) + borrowed[type, default: []]
  }

  private func text(_ count: BlobCount) -> String {
    switch count {
    case .exactly(let exact): "\(exact)"
    case .atLeast(let least): "\(least) or more"
    case .between(let least, let most): "\(least) to \(most)"
    }
  }

  private func lines(_ rows: [FieldRow]) -> String { rows.map(\.description).joined(separator: "\n") }
}

/// The files that examples name, in a folder that is gone when the test is over.
private final class ExampleFiles {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "caffe-examples-\(UUID().uuidString)")
  private let places: [String: String]

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let fixtures = packageFolder.appending(path: "Tests/Fixtures/data")
    let list = folder.appending(path: "train_files.txt")
    try fixtures.appending(path: "hdf5_0.h5in").path.write(to: list, atomically: true, encoding: .utf8)
    places = [
      "train_lmdb": fixtures.appending(path: "lmdb_same").path,
      "train_files.txt": list.path,
      "train.txt": fixtures.appending(path: "same.txt").path,
      "photos/": fixtures.appending(path: "images/").path + "/",
      "windows.txt": fixtures.appending(path: "win_warp.txt").path,
      "features.h5": folder.appending(path: "features.h5").path,
    ]
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// An example in which the names of files lead to files.
  func resolve(_ example: String) -> String {
    var text = example
    for match in example.matches(of: /(?:source|file_name|mean_file|root_folder): "(?<file>[^"]*)"/) {
      let file = String(match.output.file)
      guard let place = places[file] else {
        Issue.record("an example names the file \"\(file)\": give it a place in ExampleFiles")
        continue
      }
      text = text.replacingOccurrences(of: "\"\(file)\"", with: "\"\(place)\"")
    }
    return text
  }
}
