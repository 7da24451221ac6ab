import ArgumentParser
import CaffeLog
import Logging

/// What a running command writes to.
struct Session {
  let log: Logger
  let output: LogOutput
}

/// A command of this executable.
protocol ToolCommand: ParsableCommand {
  /// The log flags.
  var logging: LogOptions { get }

  /// Flags of other commands that this one takes, with a warning.
  ///
  /// The original's flags belong to the program, not to a command, so old scripts may pass any of them.
  static var flagsWithoutEffect: Set<String> { get }

  /// Whether an operand may be an empty text. Mostly such a one is a variable of a script that was never set.
  static var takesEmptyOperands: Bool { get }

  /// The exit status for a command line that makes no sense.
  static var usageStatus: CInt { get }

  /// Whether the command runs nets.
  static var runsNets: Bool { get }

  /// Does the work; an error thrown from here is printed and ends the program with status 1.
  func run(in session: Session) throws
}

extension ToolCommand {
  static var flagsWithoutEffect: Set<String> { [] }
  static var takesEmptyOperands: Bool { false }
  static var usageStatus: CInt { 2 }
  static var runsNets: Bool { false }
}

/// The `caffe` program: the list of its commands.
struct CaffeCommand: ParsableCommand {
  static let commands: [any ToolCommand.Type] =
    [Train.self, Test.self, Time.self, DeviceQuery.self, InspectData.self] as [any ToolCommand.Type] + ownPrograms

  /// Commands that are also programs under their own name.
  static let ownPrograms: [any ToolCommand.Type] = [
    ConvertImageset.self, ConvertMNISTData.self, ConvertCIFARData.self, ComputeImageMean.self, ExtractFeatures.self,
    ResizeAndCropImages.self, ParseLog.self, ExtractSeconds.self, PlotTrainingLog.self, DrawNet.self,
    UpgradeNetProtoText.self, UpgradeNetProtoBinary.self, UpgradeSolverProtoText.self,
  ]

  static let configuration = CommandConfiguration(
    commandName: "caffe",
    abstract: "command line brew",
    usage: "caffe <command> <args>",
    discussion: """
      Flags may be written -name value, -name=value or --name value, before or after the command.
      """,
    version: "caffe version 2.0.0",
    subcommands: commands)
}
