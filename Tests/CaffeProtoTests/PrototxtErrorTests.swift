import CaffeProto
import Foundation
import Testing

@Suite struct `Prototxt errors` {
  static func message(_ text: String) -> String {
    do {
      return "no error: \(try Prototxt.parse(NetParameter.self, text: text, file: "lenet.prototxt"))"
    } catch {
      return error.description
    }
  }

  /// The first line of the message.
  static func complaint(_ text: String) -> String { String(message(text).prefix { $0 != "\n" }) }

  @Test func `name the place, the cause and the way out`() {
    let text = """
      name: "LeNet"
      layer {
        name: "conv1"
        type: "Convolution"
        convolution_param {
          num_output: 20
          kernal_size: 5
        }
      }
      """
    #expect(
      Self.message(text) == """
        lenet.prototxt:7:5: error: ConvolutionParameter has no field "kernal_size"; did you mean "kernel_size"?
            kernal_size: 5
            ^
        Failed to parse NetParameter file: lenet.prototxt (Error parsing text-format caffe.NetParameter: 7:5: \
        Message type "caffe.ConvolutionParameter" has no field named "kernal_size".)
        """)
  }

  @Test(arguments: [
    ("nmae: 'x'", "1:1: error: NetParameter has no field \"nmae\"; did you mean \"name\"?"),
    (
      "layer { relu_param { slope: 1 } }",
      "1:22: error: ReLUParameter has no field \"slope\"; did you mean \"negative_slope\"?"
    ),
    ("qqq: 1", "1:1: error: NetParameter has no field \"qqq\""),
    (
      "layer { type: 'Convolution' kernel_size: 3 }",
      "1:29: error: LayerParameter has no field \"kernel_size\"; it belongs to convolution_param"
    ),
    (
      "layer { kernel_size: 3 }",
      "1:9: error: LayerParameter has no field \"kernel_size\"; it belongs to convolution_param or pooling_param"
    ),
    (
      "layer {\n  relu_param {\n  bottom: 'x'",
      "3:3: error: ReLUParameter has no field \"bottom\"; it belongs to the enclosing LayerParameter: is a \"}\" missing above?"
    ),
  ])
  func `say where an unknown field may belong`(text: String, complaint: String) {
    #expect(Self.complaint(text) == "lenet.prototxt:" + complaint)
  }

  @Test func `show the line with its tabs`() {
    #expect(Self.message("layer {\n\tnaem: 'é' }").contains("2:2: error"))
    #expect(Self.message("layer {\n\tnaem: 'é' }").contains("\n\tnaem: 'é' }\n\t^\n"))
  }

  @Test func `count columns in characters`() {
    #expect(Self.message("name: 'ééé' x: 1").contains(":1:13: error"))
    #expect(Self.message("name: 'ééé' x: 1").contains("\nname: 'ééé' x: 1\n            ^\n"))
  }

  @Test func `show a part of a long line`() {
    let text = Self.message(String(repeating: " ", count: 100_000) + "x: 1" + String(repeating: " ", count: 100_000))
    #expect(text.contains(":1:100001: error"))
    #expect(text.utf8.count < 1000)
  }

  @Test(arguments: [
    ("layer { type: ReLU }", "1:15: error: expected a string in quotes for type, found ReLU"),
    ("force_backward: yes", "1:17: error: expected true or false for force_backward, found yes"),
    ("force_backward: 2", "1:17: error: expected true or false for force_backward, found 2"),
    ("force_backward: \"true\"", "1:17: error: expected true or false for force_backward, found \"true\""),
    ("input_dim: 1.5", "1:12: error: expected an integer for input_dim, found 1.5"),
    ("input_dim: x", "1:12: error: expected an integer for input_dim, found x"),
    ("layer { loss_weight: heavy }", "1:22: error: expected a number for loss_weight, found heavy"),
    ("layer { loss_weight: 010 }", "1:22: error: 010 is not a decimal number; write it without leading zeros"),
    ("layer { loss_weight: 1e }", "1:22: error: expected a number for loss_weight, found 1e"),
    (
      "layers { type: \"Convolution\" }",
      "1:16: error: expected a value of type without quotes, such as CONVOLUTION, found \"Convolution\""
    ),
    ("layer: 3", "1:8: error: expected \"{\" after layer, found 3"),
    ("name 'x'", "1:6: error: expected \":\" after name, found 'x'"),
    ("name { }", "1:6: error: expected \":\" after name, found \"{\""),
    ("name:", "1:6: error: expected a string in quotes for name, found the end of the file"),
    ("name: [\"a\"]", "1:7: error: expected a string in quotes for name, found \"[\""),
    ("input: [\"a\" \"b\", 3]", "1:18: error: expected a string in quotes for input, found 3"),
    ("input_dim: [1 2]", "1:15: error: expected \",\" or \"]\" in the list of input_dim, found 2"),
    ("input_dim: [1, 2", "1:17: error: expected \",\" or \"]\" in the list of input_dim, found the end of the file"),
    ("input_dim: 1input_dim: 2", "1:12: error: expected a space behind a number, found a letter"),
    ("input_dim: [1,]", "1:15: error: expected an integer for input_dim, found \"]\""),
  ])
  func `say what was expected`(text: String, complaint: String) {
    #expect(Self.complaint(text) == "lenet.prototxt:" + complaint)
  }

  @Test(arguments: [
    ("layer { phase: TRIAN }", "1:16: error: phase has no value TRIAN; did you mean TRAIN?"),
    ("layer { phase: test }", "1:16: error: phase has no value test; did you mean TEST?"),
    ("layer { phase: NIGHT_AND_DAY }", "1:16: error: phase has no value NIGHT_AND_DAY"),
    ("layer { phase: 7 }", "1:16: error: phase has no value 7"),
    ("layer { phase: -1 }", "1:16: error: phase has no value -1"),
  ])
  func `name the nearest value of an enumeration`(text: String, complaint: String) {
    #expect(Self.complaint(text) == "lenet.prototxt:" + complaint)
  }

  @Test(arguments: [
    ("input_dim: 2147483648", "1:12: error: 2147483648 is out of range: input_dim goes from -2147483648 to 2147483647"),
    (
      "input_dim: -2147483649",
      "1:12: error: -2147483649 is out of range: input_dim goes from -2147483648 to 2147483647"
    ),
    ("layer { pooling_param { pad: -1 } }", "1:30: error: -1 is out of range: pad goes from 0 to 4294967295"),
    (
      "layer { pooling_param { pad: 4294967296 } }",
      "1:30: error: 4294967296 is out of range: pad goes from 0 to 4294967295"
    ),
    ("input_dim: 0x", "1:12: error: 0x is out of range: input_dim goes from -2147483648 to 2147483647"),
    ("input_dim: 089", "1:12: error: 089 is out of range: input_dim goes from -2147483648 to 2147483647"),
  ])
  func `give the range of a number`(text: String, complaint: String) {
    #expect(Self.complaint(text) == "lenet.prototxt:" + complaint)
  }

  @Test func `refuse a second value`() {
    let text = Self.message("name: 'a'\nname: 'b'")
    #expect(
      text.hasPrefix(
        "lenet.prototxt:2:1: error: NetParameter has one \"name\" only, and this is the second; remove one of them\n"))
    #expect(text.contains("Non-repeated field \"name\" is specified multiple times."))
    #expect(Self.complaint("state { }\nstate { }").contains("2:1: error: NetParameter has one \"state\" only"))
  }

  @Test func `name missing fields`() {
    let text = "layer { clip_param { min: 1 } }"
    #expect(
      Self.complaint(text) == "lenet.prototxt:1:9: error: ClipParameter lacks \"max\", which it must have")
    #expect(Self.complaint("layer { clip_param { } }").contains("lacks \"min\" and \"max\""))
  }

  @Test(arguments: [
    ("layer {\n  name: 'a'\n", "1:1: error: this LayerParameter is never closed; add its closing bracket"),
    ("layer { name: 'a' } }", "1:21: error: expected a field of NetParameter, found \"}\""),
    ("layer < name: 'a' }", "1:19: error: expected a field of LayerParameter, found \"}\""),
    ("name: 'a' @", "1:11: error: expected a field of NetParameter, found \"@\""),
    ("name: 'a' 7", "1:11: error: expected a field of NetParameter, found 7"),
    ("name: 'a',, ", "1:11: error: expected a field of NetParameter, found \",\""),
    ("[a.b]: 1", "1:1: error: expected a field of NetParameter, found \"[\""),
    (
      "“name”: 1",
      "1:1: error: \"“\" (U+201C, left double quotation mark) may stand in strings and comments only; use the plain character "
        + "of ASCII"
    ),
    ("name: \"a", "1:7: error: this string is never closed; add its closing quote"),
    ("name: \"a\ninput: \"b\"", "1:7: error: this string is never closed; add its closing quote"),
    (
      #"name: "C:\data""#,
      "1:7: error: this string has a backslash that starts no known escape; write \\\\ for a backslash"
    ),
  ])
  func `find what is not closed or does not belong`(text: String, complaint: String) {
    #expect(Self.complaint(text) == "lenet.prototxt:" + complaint)
  }

  @Test func `refuse strings in other encodings`() {
    #expect(
      Self.complaint(#"name: "\377""#)
        == "lenet.prototxt:1:7: error: \"name\" is not UTF-8; save the file in that encoding")
  }

  @Test func `refuse brackets without end`() {
    #expect(Self.complaint(String(repeating: "layer {", count: 100_000)).contains("has no field \"layer\""))
    let bomb = String(repeating: "net_param { layer { clip_param {", count: 100_000)
    #expect(Self.complaint(bomb).contains("error"))
  }

  @Test func `name a missing file`() {
    #expect(
      throws: PrototxtError(
        location: SourceLocation(file: "no/such.prototxt"), problem: .fileNotFound("no/such.prototxt"),
        message: "NetParameter")
    ) { try NetDefinition(contentsOf: "no/such.prototxt") }
    let error = PrototxtError(
      location: SourceLocation(file: "a.prototxt"), problem: .fileNotFound("a.prototxt"), message: "SolverParameter")
    #expect(
      error.description == """
        a.prototxt: error: File not found: a.prototxt
        Failed to parse SolverParameter file: a.prototxt
        """)
  }

  @Test func `say that a directory is no file`() {
    let path = Fixtures.path("proto")
    do {
      _ = try Prototxt.read(NetParameter.self, path: path)
      Issue.record("read a directory")
    } catch {
      #expect(error.description.hasPrefix("\(path): error: cannot read the file: it is a directory\n"))
    }
  }

  // MARK: Characters

  @Test func `name an invisible character with its place`() {
    #expect(
      Self.complaint("name: 'x'\nlayer\u{A0}{ }")
        == "lenet.prototxt:2:6: error: here is an invisible character (U+00A0, no-break space); remove it, or put a plain space "
        + "in its place")
    for (scalar, name) in [
      ("\u{200B}", "U+200B, zero width space"), ("\u{3000}", "U+3000, ideographic space"),
      ("\u{FEFF}", "U+FEFF, byte order mark"), ("\u{2028}", "U+2028, line separator"), ("\u{0}", "U+0000, null"),
      ("\u{AD}", "U+00AD, soft hyphen"),
    ] {
      #expect(
        Self.complaint("name: 'x'\n \(scalar)layer { }").contains(
          ":2:2: error: here is an invisible character (\(name))"))
    }
    #expect(Self.message("\u{A0}").contains("Interpreting non ascii codepoint 194."))
  }

  @Test func `name a character that is none of the language's`() {
    #expect(
      Self.complaint("name: “x”").contains(
        ":1:7: error: \"“\" (U+201C, left double quotation mark) may stand in strings"))
    #expect(Self.complaint("name： 'x'").contains(":1:5: error: \"：\" (U+FF1A, fullwidth colon)"))
  }

  @Test func `name a byte that is not UTF-8`() throws {
    try Fixtures.withTemporaryDirectory { folder in
      // A no-break space in Latin-1.
      try Data(Array("name: 'x'\nlayer".utf8) + [0xA0] + Array("{ }".utf8)).write(to: URL(filePath: folder + "/net"))
      do {
        _ = try NetDefinition(contentsOf: folder + "/net")
        Issue.record("read Latin-1")
      } catch {
        #expect("\(error)".contains(":2:6: error: the byte 0xA0 is not UTF-8; save the file in that encoding"))
      }
    }
  }

  @Test func `say that a file is in UTF-16 or packed`() throws {
    try Fixtures.withTemporaryDirectory { folder in
      for (bytes, words) in [
        ([0xFF, 0xFE, 0x6E, 0] as [UInt8], "cannot read the file: it is in UTF-16"),
        ([0x1F, 0x8B, 8], "the file is compressed (gzip)"),
      ] {
        try Data(bytes).write(to: URL(filePath: folder + "/net"))
        do {
          _ = try SolverDefinition(contentsOf: folder + "/net")
          Issue.record("read \(words)")
        } catch { #expect("\(error)".contains("/net: error: \(words)")) }
      }
    }
  }

  @Test func `count lines that end with a carriage return alone`() {
    #expect(Self.complaint("# old\rname: 'x'\r# Mac\rlayer { naem: 'y' }").contains(":4:9: error"))
    #expect(Self.complaint("# new\r\nname: 'x'\r\nlayer { naem: 'y' }").contains(":3:9: error"))
  }
}
