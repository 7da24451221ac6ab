import CaffeLog
import CaffeTool
import Testing

@Suite struct `Log settings` {
  @Test func `come from glog's variables`() {
    let settings = LogSettings(environment: [
      "GLOG_minloglevel": "2", "GLOG_logtostderr": "1", "GLOG_log_dir": "/logs", "GLOG_v": "1",
      "GLOG_stderrthreshold": "3",
    ])
    #expect(settings.minimumSeverity == 2)
    #expect(settings.logToStandardError)
    #expect(settings.directory == "/logs")
    #expect(settings.level == .debug)
    #expect(settings.threshold == 3)
  }

  @Test func `flags win over variables`() throws {
    let options = try LogOptions.parse(["--minloglevel=1", "--no-logtostderr", "--log_dir=/b", "--v=2"])
    let settings = options.applied(
      to: LogSettings(environment: ["GLOG_minloglevel": "2", "GLOG_logtostderr": "1", "GLOG_log_dir": "/a"]))
    #expect(settings.minimumSeverity == 1)
    #expect(settings.fileDirectory == "/b")
    #expect(settings.level == .trace)
  }

  @Test func `logging to standard error leaves no file and no threshold`() {
    let settings = LogSettings(environment: [
      "GLOG_logtostderr": "true", "GLOG_log_dir": "/logs", "GLOG_stderrthreshold": "3",
    ])
    #expect(settings.fileDirectory == nil)
    #expect(settings.standardErrorThreshold == 0)
  }

  @Test func `nonsense in a variable counts as not set`() {
    #expect(LogSettings(environment: ["GLOG_minloglevel": "high", "GLOG_logtostderr": "perhaps"]) == LogSettings())
  }

  @Test func `silence the program through the environment`() throws {
    #expect(try Run("device_query").errors.contains("Querying GPUs"))
    #expect(try Run("device_query", environment: ["GLOG_minloglevel": "2"]).errors.isEmpty)
    #expect(try Run("device_query", "-minloglevel=3").errors.isEmpty)
  }

  @Test func `a log folder that does not exist ends the program with a message`() throws {
    let run = try Run("device_query", "-log_dir", "/nowhere")
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("Could not create a log file in /nowhere: "))
  }
}
