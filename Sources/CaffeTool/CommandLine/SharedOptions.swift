import ArgumentParser
import Caffe
import Logging

/// `-gpu`, which this build answers with the CPU.
package struct DeviceOptions: ParsableArguments {
  @Option(help: "GPUs to run on: 0, or 0,1, or all. This build has none and runs on the CPU.")
  package var gpu = ""

  package init() {}

  package func validate() throws {
    let isList = gpu.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { UInt16($0) != nil }
    guard ["", "all"].contains(gpu) || isList else {
      throw ValidationError("-gpu \"\(gpu)\": write all, or numbers with commas between them such as 0,1.")
    }
  }

  /// Says what the command runs on; `wanted` tells who asked for a GPU, if somebody did.
  func logDevice(_ log: Logger, wanted: String? = nil) {
    if let wanted = gpu.isEmpty ? wanted : "-gpu \(gpu)" {
      log.warning("\(wanted): this build has no CUDA engine; going on with the CPU.")
    }
    log.info("Use CPU.")
  }
}

/// `-precision`: what a net that infers computes in.
package struct PrecisionOptions: ParsableArguments {
  @Option(help: "What weights and activations are kept in: f32 or bf16. As the net's definition says unless given.")
  package var precision: Precision?

  package init() {}
}

extension Precision: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
}

/// `-engine`: what computes.
package struct EngineOptions: ParsableArguments {
  @Option(help: "What computes: oneDNN, the fast engine, or reference, the readable one that defines the right answer.")
  package var engine = EngineChoice.best

  package init() {}
}

extension EngineChoice: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
}

/// `-level` and `-stage`: the part of the net's state that include and exclude rules look at.
package struct StateOptions: ParsableArguments {
  @Option(help: "The level of the net's state.")
  package var level = 0

  @Option(help: "Stages of the net's state, with commas between them.")
  package var stage = ""

  package init() {}

  package func validate() throws {
    guard Int32(exactly: level) != nil else {
      throw ValidationError("-level must be \(Int32.min) to \(Int32.max), and is \(level).")
    }
  }

  /// The stages; without any there is one without a name, as scripts and logs expect.
  package var stages: [String] {
    stage.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
}

/// Checks a number of batches or passes, which a flag or an operand gives.
func requireCount(_ count: Int, _ name: String) throws {
  guard (1...Int(Int32.max)).contains(count) else {
    throw ValidationError("\(name) must be 1 to \(Int32.max), and is \(count).")
  }
}

/// Checks a file or folder that a command must have, or need not have but may.
func requireName(_ path: String?, _ flag: String) throws {
  guard path != "" else { throw ValidationError("\(flag) needs a name, and is empty.") }
}

/// Checks a flag that takes files with commas between them.
func requireNames(_ list: String, _ flag: String) throws {
  guard list.isEmpty || list.commaSeparated.allSatisfy({ !$0.isEmpty }) else {
    throw ValidationError("\(flag) \"\(list)\": a name is missing beside a comma.")
  }
}

extension String {
  /// The names in a list with commas.
  var commaSeparated: [String] { split(separator: ",", omittingEmptySubsequences: false).map { String($0.trimmed) } }
}
