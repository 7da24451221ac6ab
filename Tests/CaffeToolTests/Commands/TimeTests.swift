import Testing

@Suite struct `caffe time` {
  @Test func `needs a model`() throws {
    let run = try Run("time")
    #expect(run.status == 2)
    #expect(run.errors.contains("Need a model definition to time."))
  }

  @Test func `knows two phases`() throws {
    let run = try Run("time", "-model", "net.prototxt", "-phase", "train")
    #expect(run.status == 2)
    #expect(run.errors.contains("phase must be \"TRAIN\" or \"TEST\""))
  }

  @Test(arguments: ["TRAIN", "TEST"])
  func `measures every layer in both directions`(phase: String) throws {
    let folder = try Scratch(withFixtures: true)
    let run = try Run("time", "-model", "net_conv.prototxt", "-iterations", "3", "-phase", phase, in: folder.url)
    #expect(run.status == 0)
    let start = try #require(run.messages.firstIndex(of: "*** Benchmark begins ***"))
    let layers =
      phase == "TRAIN"
      ? ["data", "conv1", "pool1", "elu1", "ip1", "loss"]
      : ["data", "label_data_1_split", "conv1", "pool1", "elu1", "ip1", "ip1_ip1_0_split", "loss", "acc"]
    let expected =
      ["*** Benchmark begins ***", "Testing for 3 iterations."]
      + (1...3).map { "Iteration: \($0) forward-backward time: # ms." } + ["Average time per layer: "]
      + layers.flatMap { layer in
        let name = String(repeating: " ", count: max(0, 10 - layer.count)) + layer
        return ["\(name)\tforward: # ms.", "\(name)\tbackward: # ms."]
      } + ["Average Forward pass: # ms.", "Average Backward pass: # ms.", "Average Forward-Backward: # ms."]
      + ["Total Time: # ms.", "*** Benchmark ends ***", ""]
    #expect(run.messages[start...].map { $0.replacing(#/[0-9.e+-]+ ms/#, with: "# ms") } == expected)
  }
}
