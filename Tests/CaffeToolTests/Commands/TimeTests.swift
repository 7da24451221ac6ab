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
}
