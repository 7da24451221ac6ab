import ArgumentParser
import Caffe
import CaffeLog
import Logging

/// `caffe device_query`: shows what this build can compute on.
struct DeviceQuery: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "device_query", abstract: "show what this build can compute on")
  static let flagsWithoutEffect: Set<String> = [
    "solver", "model", "weights", "snapshot", "iterations", "phase", "level", "stage", "sigint_effect", "sighup_effect",
  ]

  @OptionGroup var device: DeviceOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func run(in session: Session) throws {
    session.log.info("Querying GPUs \(device.gpu)")
    if !device.gpu.isEmpty {
      session.log.warning("This build has no CUDA engine, so there is no GPU to query; this is the CPU.")
    }
    let engines = EngineChoice.allCases.map { $0.rawValue + ($0 == .best ? " (default)" : "") }
    for (name, value) in Processor().facts + [("Engines", engines.joined(separator: ", "))] {
      session.log.info("\((name + ":").padding(to: 31))\(value)")
    }
  }
}
