import Testing

@Suite struct `caffe train` {
  @Test(arguments: [["train"], ["train", "-solver="]])
  func `needs a solver`(arguments: [String]) throws {
    let run = try Run(arguments)
    #expect(run.status == 2)
    #expect(run.errors.contains("Need a solver definition to train."))
  }

  @Test func `takes weights or a snapshot but not both`() throws {
    let run = try Run(["train", "-solver", "s.prototxt", "-weights", "w.caffemodel", "-snapshot", "s.solverstate"])
    #expect(run.status == 2)
    #expect(run.errors.contains("Give a snapshot to resume training or weights to finetune but not both."))
  }
}
