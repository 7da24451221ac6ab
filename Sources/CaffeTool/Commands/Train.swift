import ArgumentParser

/// `caffe train`: trains a net by a solver definition, from the start, from weights, or from a snapshot.
struct Train: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "train or finetune a model")
  static let flagsWithoutEffect: Set<String> = ["model", "iterations", "phase"]

  @Option(help: "The solver definition (.prototxt). Paths in it start from the working directory.")
  var solver = ""

  @Option(help: "Finetune from these weights: .caffemodel files, with commas between them.")
  var weights = ""

  @Option(help: "Resume from this snapshot (.solverstate).")
  var snapshot = ""

  @Option(
    name: .customLong("sigint_effect"), help: "What Ctrl-C does: snapshot, stop or none.",
    transform: Signals.Effect.init(flag:))
  var interruptEffect = Signals.Effect.stop

  @Option(
    name: .customLong("sighup_effect"), help: "What a closed terminal does: snapshot, stop or none.",
    transform: Signals.Effect.init(flag:))
  var hangUpEffect = Signals.Effect.snapshot

  @OptionGroup(title: "Net state") var state: StateOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard !solver.isEmpty else { throw ValidationError("Need a solver definition to train.") }
    guard snapshot.isEmpty || weights.isEmpty else {
      throw ValidationError("Give a snapshot to resume training or weights to finetune but not both.")
    }
  }

  func run(in session: Session) throws {
    throw ToolError("caffe train: the solvers are not part of this build.")
  }
}

extension Signals.Effect: CustomStringConvertible {
  package var description: String { rawValue }

  fileprivate init(flag: String) throws {
    do { try self.init(named: flag) } catch { throw ValidationError(error.description) }
  }
}
