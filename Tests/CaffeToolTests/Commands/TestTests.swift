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

  @Test func `warns of layers that the weights do not know`() throws {
    let folder = try Scratch(withFixtures: true)
    try folder.write("net_conv.prototxt", replacing: "name: \"ip1\"", by: "name: \"ip2\"", to: "net.prototxt")
    let run = try Run(
      "test", "-model", "net.prototxt", "-weights", "train_cli_iter_12.caffemodel", "-iterations", "1", in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages.contains("train_cli_iter_12.caffemodel has no weights for layer ip2: it keeps its fillers'."))
  }
}
