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

  @Test func `needs a number of iterations`() throws {
    for number in ["0", "many"] {
      let run = try Run("test", "-model", "net.prototxt", "-weights", "w.caffemodel", "-iterations", number)
      #expect(run.status == 2)
      #expect(run.errors.contains("iterations"))
    }
  }
}
