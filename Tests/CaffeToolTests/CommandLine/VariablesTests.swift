import Testing

@Suite struct `Variables of the environment` {
  @Test(arguments: [("GLOG_minloglevel", "high"), ("GLOG_logtostderr", "perhaps"), ("CAFFE_WINOGRAD", "never")])
  func `that make no sense are told`(name: String, value: String) throws {
    let run = try Run("device_query", environment: [name: value])
    #expect(run.status == 0)
    #expect(run.messages.first?.hasPrefix("\(name)=\(value) has no effect; write ") == true)
  }

  @Test(arguments: [("GLOG_minloglevel", ""), ("GLOG_v", "1"), ("GLOG_logtostderr", "YES"), ("CAFFE_PANELS", "off")])
  func `that make sense, or are empty, are not`(name: String, value: String) throws {
    #expect(try !Run("device_query", environment: [name: value]).errors.contains("has no effect"))
  }
}
