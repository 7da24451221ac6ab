import CaffeProto
import Foundation
import Testing

@Suite struct `Upgrades of old files` {
  struct Case: Decodable, CustomTestStringConvertible {
    var kind: String
    var input: String
    var output: String
    var exitCode: Int
    var messages: [String]

    var testDescription: String { input }

    static let all: [Case] = {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return (try? decoder.decode([Case].self, from: Fixtures.data("upgrade/upgrade.json"))) ?? []
    }()
  }

  static func texts(_ notices: [UpgradeNotice], _ severity: UpgradeNotice.Severity) -> [String] {
    notices.filter { $0.severity == severity }.map(\.text)
  }

  @Test(arguments: Case.all.filter { $0.kind == "net" })
  func `agree with the original on nets`(golden: Case) throws {
    let net = try NetDefinition(contentsOf: Fixtures.path("upgrade/\(golden.input)"))
    #expect(net.parameter == (try Prototxt.read(NetParameter.self, path: Fixtures.path("upgrade/\(golden.output)"))))
    #expect(net.locations.count == net.parameter.layer.count)
    let errors = Self.texts(net.notices, .error)
    #expect(errors == golden.messages.filter { $0.hasPrefix("Unknown parameter") || $0.hasPrefix("Warning") })
    #expect(errors.isEmpty == (golden.exitCode == 0))
    #expect(net.notices.isEmpty == golden.messages.contains { $0.hasPrefix("File already in latest") })
  }

  @Test(arguments: Case.all.filter { $0.kind == "solver" })
  func `agree with the original on solvers`(golden: Case) throws {
    let solver = try SolverDefinition(contentsOf: Fixtures.path("upgrade/\(golden.input)"))
    let expected = try Prototxt.read(SolverParameter.self, path: Fixtures.path("upgrade/\(golden.output)"))
    #expect(solver.parameter == expected)
    #expect(solver.notices.count == 1)
  }

  @Test(arguments: Case.all.filter { $0.kind == "binary" })
  func `agree with the original on weights`(golden: Case) throws {
    let net = try NetParameter.read(binary: Fixtures.path("upgrade/\(golden.input)"))
    #expect(net == (try BinaryProto.read(NetParameter.self, path: Fixtures.path("upgrade/\(golden.output)"))))
    let text = golden.output.replacingOccurrences(of: ".caffemodel", with: ".txt")
    #expect(Prototxt.print(net) == (try Fixtures.text("upgrade/\(text)")))
  }

  @Test func `have cases of every kind`() {
    #expect(Case.all.count == 18)
    #expect(Set(Case.all.map(\.kind)) == ["net", "solver", "binary"])
  }

  @Test func `keep the places of layers when padding is folded and inputs become a layer`() throws {
    let net = try NetDefinition(
      text: """
        input: "data" input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8
        layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "data" top: "padded" }
        layers { layer { name: "conv" type: "conv" } bottom: "padded" top: "conv" }
        """, file: "v0.prototxt")
    #expect(net.parameter.layer.map(\.name) == ["input", "conv"])
    #expect(net.parameter.layer[1].bottom == ["data"])
    #expect(net.parameter.layer[1].convolutionParam.pad == [2])
    #expect(net.locations.map { $0?.line } == [nil, 3])
  }

  @Test func `leave V1 layers among V0 layers as they are`() throws {
    let net = try NetDefinition(
      text: """
        layers { layer { name: "a" type: "relu" } bottom: "x" top: "y" }
        layers { name: "b" type: POWER bottom: "y" top: "z" power_param { scale: 2 } }
        """, file: "mixed.prototxt")
    #expect(net.parameter.layer.map(\.name) == ["a", "b"])
    #expect(net.parameter.layer[1].type == "Power")
    #expect(net.parameter.layer[1].powerParam.scale == 2)
  }

  @Test func `take NONE for no type`() throws {
    #expect(try NetDefinition(text: "layers { type: NONE }", file: "n").parameter.layer[0].type == "")
  }

  static func complaint(_ text: String) -> String {
    do {
      return "no error: \(try NetDefinition(text: text, file: "old.prototxt").parameter)"
    } catch { return "\(error)" }
  }

  @Test func `refuse nets of two formats`() {
    #expect(
      Self.complaint("layer { name: 'a' }\nlayers { name: 'b' }") == """
        old.prototxt:2:1: error: Refusing to upgrade inconsistent NetParameter input; the net has both "layers" \
        (the old format) and "layer" (the new one): write all layers in one of them
        layers { name: 'b' }
        ^
        """)
  }

  @Test func `refuse unknown V0 types`() {
    #expect(
      Self.complaint("layers { layer { name: 'a' type: 'warp' } }").hasPrefix(
        "old.prototxt:1:1: error: Unknown layer name: warp (the type of layer \"a\")"))
  }

  @Test func `refuse padding before other layers`() {
    let text = """
      layers { layer { name: "p" type: "padding" pad: 1 } bottom: "data" top: "p" }
      layers { layer { name: "r" type: "relu" } bottom: "p" top: "r" }
      """
    #expect(
      Self.complaint(text).hasPrefix(
        "old.prototxt:2:1: error: layer \"r\" of type relu reads a padding layer; only conv and pool"))
  }

  @Test(arguments: [
    "input: 'a' input_dim: 1", "input: 'a' input: 'b' input_shape { dim: 1 }", "input: 'a' input_dim: [1, 2, 3, 4, 5]",
  ])
  func `refuse inputs without as many shapes`(text: String) {
    #expect(Self.complaint(text).hasPrefix("old.prototxt: error: "))
  }

  @Test func `keep BatchNorm with other numbers of params`() throws {
    let net = try NetDefinition(text: "layer { type: 'BatchNorm' param { lr_mult: 1 } param { } }", file: "n")
    #expect(net.parameter.layer[0].param[0].lrMult == 1)
    #expect(net.notices.isEmpty)
  }
}
