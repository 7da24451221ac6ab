import Testing

@Suite struct `caffe device_query` {
  @Test func `describes the processor in aligned columns`() throws {
    let run = try Run("device_query")
    #expect(run.status == 0)
    #expect(run.messages.first == "Querying GPUs ")
    let processors = try #require(run.messages.first { $0.hasPrefix("Number of processors:") })
    #expect(processors.dropFirst(30).first == " ")
    #expect(processors.dropFirst(31).first?.isNumber == true)
  }

  @Test func `says that there is no GPU to ask`() throws {
    let run = try Run("-gpu", "all", "device_query")
    #expect(run.status == 0)
    #expect(run.messages.first == "Querying GPUs all")
    #expect(run.messages.contains { $0.contains("no CUDA engine") })
  }
}
