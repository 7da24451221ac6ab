import CaffeProto
import Testing

@Suite struct `Prototxt parser` {
  static func net(_ text: String) throws -> NetParameter {
    try Prototxt.parse(NetParameter.self, text: text, file: "net.prototxt")
  }

  static func layer(_ text: String) throws -> LayerParameter {
    try Prototxt.parse(LayerParameter.self, text: text, file: "layer.prototxt")
  }

  static func filler(_ text: String) throws -> FillerParameter {
    try Prototxt.parse(FillerParameter.self, text: text, file: "filler.prototxt")
  }

  @Test func `reads an empty file`() throws {
    #expect(try Self.net("") == NetParameter())
    #expect(try Self.net("\n  # nothing\n") == NetParameter())
  }

  @Test func `skips comments and a byte order mark`() throws {
    #expect(try Self.net("\u{FEFF}# a net\nname: \"n\" # its name\n#end").name == "n")
    #expect(try Self.net("name: '#1'").name == "#1")
  }

  @Test func `reads messages in either bracket, with or without a colon`() throws {
    let texts = [
      "state { level: 2 }", "state: { level: 2 }", "state < level: 2 >", "state: <level:2>", "state{level:2}",
    ]
    for text in texts { #expect(try Self.net(text).state.level == 2) }
  }

  @Test func `reads fields separated by commas and semicolons`() throws {
    let layer = try Self.layer("name: \"a\", type: \"ReLU\"; bottom: \"x\"")
    #expect(layer.name == "a")
    #expect(layer.type == "ReLU")
    #expect(layer.bottom == ["x"])
  }

  @Test func `reads fields without space between them`() throws {
    let shape = try Prototxt.parse(BlobShape.self, text: "dim:1,dim:2;dim:-3", file: "shape")
    #expect(shape.dim == [1, 2, -3])
  }

  @Test func `reads short lists`() throws {
    #expect(try Prototxt.parse(BlobShape.self, text: "dim: [1, 2] dim: 3 dim: []", file: "shape").dim == [1, 2, 3])
    let layer = try Self.layer("param [{ lr_mult: 1 }, < lr_mult: 2 >] loss_weight: [0.5, 2]")
    #expect(layer.param.map(\.lrMult) == [1, 2])
    #expect(layer.lossWeight == [0.5, 2])
  }

  @Test func `joins strings in a row`() throws {
    #expect(try Self.net("name: \"a\" 'b'\n  \"c\"").name == "abc")
  }

  @Test func `reads escapes in strings`() throws {
    #expect(try Self.net(#"name: "\n\t\r\a\b\f\v\\\'\"\?""#).name == "\n\t\r\u{7}\u{8}\u{C}\u{B}\\'\"?")
    #expect(try Self.net(#"name: "\101\x42\u00e9\U0001F600""#).name == "ABé😀")
    #expect(try Self.net(#"name: 'say "x"'"#).name == "say \"x\"")
    #expect(try Prototxt.parse(Datum.self, text: #"data: "\377\0a""#, file: "datum").data.elementsEqual([255, 0, 97]))
  }

  @Test(arguments: [
    ("7", 7), ("-7", -7), ("- 7", -7), ("0x1F", 31), ("-0X1f", -31), ("017", 15), ("0", 0), ("2147483647", Int32.max),
    ("-2147483648", Int32.min),
  ])
  func `reads whole numbers`(text: String, value: Int32) throws {
    #expect(try Self.filler("sparse: \(text)").sparse == value)
  }

  @Test(arguments: [
    ("1", 1), ("-1", -1), ("1.", 1), (".5", 0.5), ("-.5", -0.5), ("1e-3", 0.001), ("1.5E+2", 150), ("2.5f", 2.5),
    ("3F", 3), ("0.1", 0.1), ("0", 0), ("inf", Float.infinity), ("-Infinity", -Float.infinity), ("1e40", .infinity),
  ])
  func `reads decimal numbers`(text: String, value: Float) throws {
    #expect(try Self.filler("value: \(text)").value == value)
  }

  @Test func `reads not-a-number`() throws {
    #expect(try Self.filler("value: nan").value.isNaN)
    #expect(try Self.filler("value: -NaN").value.isNaN)
  }

  @Test(arguments: [
    ("true", true), ("True", true), ("t", true), ("1", true), ("0x1", true), ("false", false), ("False", false),
    ("f", false), ("0", false),
  ])
  func `reads truth values`(text: String, value: Bool) throws {
    #expect(try Self.net("force_backward: \(text)").forceBackward == value)
  }

  @Test func `reads enumerations by name and number`() throws {
    #expect(try Self.layer("phase: TEST").phase == .test)
    #expect(try Self.layer("phase: 1").phase == .test)
  }

  @Test func `knows the starts of layers`() throws {
    let net = try NetDefinition(
      text: "name: \"n\"\nlayer {\n  name: \"a\"\n}\n  layer { name: \"b\" } layer <>", file: "n.prototxt")
    #expect(net.locations.map { $0?.description } == ["n.prototxt:2:1", "n.prototxt:5:3", "n.prototxt:5:23"])
    #expect(net.locations[1]?.text == "  layer { name: \"b\" } layer <>")
  }

  @Test(arguments: Fixtures.names(in: "proto/nets"))
  func `agrees with what it prints`(name: String) throws {
    let net = try Prototxt.read(NetParameter.self, path: Fixtures.path("proto/nets/\(name)"))
    #expect(!net.layer.isEmpty)
    #expect(try Self.net(Prototxt.print(net)) == net)
  }
}
