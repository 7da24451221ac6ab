import Caffe

/// Builds a net as `caffe_net_create` does, but of unknown origin: without layers in Python, without files outside of its folder
/// (for a text, the working directory), and in no more than `memoryLimit` bytes.
@_cdecl("caffe_net_create_untrusted")
public func netCreateUntrusted(
  _ path: CString?, _ definition: CString?, _ phase: CInt, _ level: CInt, _ stages: CString?, _ memoryLimit: Int,
  _ result: UnsafeMutablePointer<Handle?>?
) -> CText? {
  attempt {
    guard let path = path.map({ String(cString: $0) }), let stages = stages.map({ String(cString: $0) }), let result
    else {
      throw NetError("an argument is missing")
    }
    guard memoryLimit > 0 else { throw NetError("memory_limit is \(memoryLimit), but must be at least 1 byte") }
    guard let phase = Phase(rawValue: Int(phase)) else {
      throw NetError("the phase is \(phase), but it must be caffe.TRAIN (0) or caffe.TEST (1)")
    }
    var environment = try Session.environment()
    environment.restrictions = try Restrictions(
      besides: definition == nil ? path : "prototxt", memoryLimit: memoryLimit)
    let source =
      try definition.map { try NetDefinition(text: String(cString: $0), file: path) } ?? NetDefinition(contentsOf: path)
    let net = try Net(
      source, phase: phase, level: Int(level), stages: stages.split(separator: "\n").map(String.init), in: environment)
    result.pointee = handle(NetHandle(net))
  }
}
