import CaffeLog

/// The variables of the environment that the program reads.
enum Variables {
  private static let numbers = ["GLOG_minloglevel", "GLOG_stderrthreshold", "GLOG_v"]
  private static let truths = ["GLOG_logtostderr", "GLOG_alsologtostderr"]
  private static let switches = ["CAFFE_WINOGRAD", "CAFFE_PANELS"]

  /// A sentence for each variable whose value means nothing: it counts as not set, as an empty one does.
  static func problems(in environment: [String: String]) -> [String] {
    func complaints(_ names: [String], _ wish: String, _ isFine: (String) -> Bool) -> [String] {
      names.compactMap { name in
        guard let value = environment[name], !value.isEmpty, !isFine(value) else { return nil }
        return "\(name)=\(value) has no effect; write \(wish)."
      }
    }
    return complaints(numbers, "a whole number") { Int($0) != nil }
      + complaints(truths, "0 or 1") { truthValue($0) != nil }
      + complaints(switches, "0 or 1") { truthValue($0) != nil || ["on", "off"].contains($0.lowercased()) }
  }
}
