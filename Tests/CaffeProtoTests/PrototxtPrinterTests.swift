import CaffeProto
import Testing

@Suite struct `Prototxt printer` {
  @Test func `prints a solver as the original's log shows it`() throws {
    var solver = try Prototxt.read(SolverParameter.self, path: Fixtures.path("proto/train_cli.solver.prototxt"))
    // What the command line adds.
    solver.trainState.level = 0
    solver.trainState.stage = [""]
    solver.weights = ["train_cli_init.caffemodel"]
    #expect(Prototxt.print(solver) == (try Fixtures.text("proto/train_cli.solver.log.txt")))
  }

  @Test(arguments: Fixtures.names(in: "upgrade").filter { $0.hasSuffix(".out.prototxt") && $0.hasPrefix("net") })
  func `prints nets as the original does`(name: String) throws {
    let net = try Prototxt.read(NetParameter.self, path: Fixtures.path("upgrade/\(name)"))
    #expect(Prototxt.print(net) == (try Fixtures.text("upgrade/\(name)")))
  }

  @Test(arguments: [
    (0.05, "0.05"), (0.9, "0.9"), (1, "1"), (-1, "-1"), (0, "0"), (-0.0, "-0"), (1e-8, "1e-08"), (5e-5, "5e-05"),
    (0.0001, "0.0001"), (0.00012345678, "0.00012345678"), (100_000, "100000"), (999_999, "999999"),
    (1_000_000, "1e+06"), (16_777_216, "16777216"), (123456.79, "123456.79"), (1e20, "1e+20"), (1.5e-7, "1.5e-07"),
    (3.4028235e38, "3.4028235e+38"), (Float.infinity, "inf"), (-Float.infinity, "-inf"), (Float.nan, "nan"),
  ])
  func `prints the fewest digits of a float`(value: Float, text: String) {
    var filler = FillerParameter()
    filler.value = value
    #expect(Prototxt.print(filler) == "value: \(text)\n")
  }

  @Test func `prints doubles`() {
    var blob = BlobProto()
    blob.doubleData = [0.1, 1e15, 123_456_789_012, 1.0 / 3]
    #expect(
      Prototxt.print(blob) == """
        double_data: 0.1
        double_data: 1e+15
        double_data: 123456789012
        double_data: 0.3333333333333333

        """)
  }

  @Test func `escapes strings`() throws {
    var net = NetParameter()
    net.name = "a\"b'\\\n\t\u{1}é"
    #expect(Prototxt.print(net) == #"name: "a\"b\'\\\n\t\001\303\251""# + "\n")
    #expect(try Prototxt.parse(NetParameter.self, text: Prototxt.print(net), file: "n") == net)
  }

  @Test func `leaves out what the schema lacks`() throws {
    let net = try NetParameter(serializedBytes: [0x0A, 1, 0x61, 0xF8, 0x7F, 5] as [UInt8])
    #expect(Prototxt.print(net) == "name: \"a\"\n")
  }

  @Test func `writes every type of field so that it reads back`() throws {
    var state = SolverState()
    state.iter = -3
    state.layerState = [.with { $0.seed = .max }]
    state.recentLosses = [0.25, -1e-30]
    state.history = [BlobProto()]
    state.history[0].shape.dim = [.min, .max]
    #expect(try Prototxt.parse(SolverState.self, text: Prototxt.print(state), file: "s") == state)
  }
}
