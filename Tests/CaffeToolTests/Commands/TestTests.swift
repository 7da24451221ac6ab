import Testing

@Suite struct `caffe test` {
  @Test func `needs a model`() throws {
    let run = try Run("test", "-weights", "w.caffemodel")
    #expect(run.status == 2)
    #expect(run.errors.contains("Need a model definition to score."))
  }

  @Test func `needs weights`() throws {
    let run = try Run("test", "-model", "net.prototxt")
    #expect(run.status == 2)
    #expect(run.errors.contains("Need model weights to score."))
  }

  @Test(arguments: ["0", "many"])
  func `needs a number of iterations`(number: String) throws {
    let run = try Run("test", "-model", "net.prototxt", "-weights", "w.caffemodel", "-iterations", number)
    #expect(run.status == 2)
    #expect(run.errors.contains("iterations"))
  }

  @Test func `prints what the original prints`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run(
      "test", "--model=net_conv.prototxt", "--weights=train_cli_iter_12.caffemodel", "--iterations=4", in: folder.url)
    #expect(run.status == 0)
    try RecordedLog("test_cli.log.txt", in: folder).expectSame(run)
  }

  @Test(arguments: ["half", ""])
  func `knows two precisions`(name: String) throws {
    let run = try Run("test", "-model", "net.prototxt", "-weights", "w.caffemodel", "-precision", name)
    #expect(run.status == 2)
    #expect(run.errors.contains("precision"))
  }

  @Test(arguments: [["-precision", "bf16"], []])
  func `says what a processor lacks for bfloat16`(option: [String]) throws {
    let folder = try Scratch(withFixtures: true)
    try folder.write(
      "net_conv.prototxt", replacing: "name: \"conv\"", by: option.isEmpty ? "precision: BF16" : "", to: "net.prototxt")
    let run = try Run(
      ["test", "-model", "net.prototxt", "-weights", "train_cli_iter_12.caffemodel", "-iterations", "1"] + option,
      in: folder.url, environment: ["ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2"])
    #expect(run.status == 1)
    #expect(run.errors.contains("lacks the instructions for bfloat16 (avx512_bf16)"))
    #expect(run.errors.contains("Leave out `precision: BF16`"))
  }

  @Test func `computes in float32 where the definition says otherwise, if told to`() throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run(
      "test", "-model", "net_conv.prototxt", "-weights", "train_cli_iter_12.caffemodel", "-iterations", "1",
      "-precision", "f32", in: folder.url)
    #expect(run.status == 0)
  }

  @Test func `warns of layers that the weights do not know`() throws {
    let folder = try Scratch(withFixtures: true)
    try folder.write("net_conv.prototxt", replacing: "name: \"ip1\"", by: "name: \"ip2\"", to: "net.prototxt")
    let run = try Run(
      "test", "-model", "net.prototxt", "-weights", "train_cli_iter_12.caffemodel", "-iterations", "1", in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages.contains("train_cli_iter_12.caffemodel has no weights for layer ip2: it keeps its fillers'."))
  }

  @Test func `stops where no layer takes its weights from the file`() throws {
    let folder = try Scratch(withFixtures: true)
    let net = try String(contentsOf: folder.url.appending(path: "net_conv.prototxt"), encoding: .utf8)
    try folder.write(
      net.replacing("name: \"conv", with: "name: \"c").replacing("name: \"ip", with: "name: \"i"), to: "other.prototxt")
    let run = try Run(
      "test", "-model", "other.prototxt", "-weights", "train_cli_iter_12.caffemodel", "-iterations", "1", in: folder.url
    )
    #expect(run.status == 1)
    #expect(run.errors.contains("No layer of the net has the name of a layer in the weight file"))
    #expect(run.errors.contains("Are these the weights of another net?"))
  }

  @Test func `averages the answers of several nets`() throws {
    let folder = try Scratch(withFixtures: true)
    func accuracyAndLoss(_ weights: String, _ more: String...) throws -> [String] {
      let run = try Run(
        ["test", "-model", "net_conv.prototxt", "-weights", weights, "-iterations", "4"] + more, in: folder.url)
      #expect(run.status == 0)
      return Array(run.messages.filter { !$0.isEmpty && !$0.hasPrefix("Batch") }.suffix(3))
    }
    let one = try accuracyAndLoss("train_cli_iter_12.caffemodel")
    let other = try accuracyAndLoss("train_cli_init.caffemodel")
    let both = try accuracyAndLoss("train_cli_iter_12.caffemodel", "-ensemble", "train_cli_init.caffemodel")
    #expect(both.count == 3 && both != one && both != other)
    #expect(try accuracyAndLoss("train_cli_init.caffemodel", "-ensemble", "train_cli_iter_12.caffemodel") == both)
  }

  @Test func `needs names of classes in a file of such`() throws {
    let folder = try DigitsFolder()
    #expect(try folder.train().status == 0)
    try folder.scratch.write("\n", to: "names.txt")
    let run = try Run(
      "test", "-model", "net.prototxt", "-weights", "run_iter_8.caffemodel", "-iterations", "1", "-sheet", "a.png",
      "-class_names", "names.txt", in: folder.scratch.url)
    #expect(run.status == 1 && run.errors.contains("names.txt: there are no names of classes in this file"))
  }
}
