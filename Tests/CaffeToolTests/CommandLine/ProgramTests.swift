import Foundation
import Testing

@Suite struct `The caffe program` {
  @Test func `shows its commands when called without any`() throws {
    let run = try Run()
    #expect(run.status == 0)
    #expect(run.output.contains("command line brew"))
    #expect(run.output.contains("caffe <command> <args>"))
    for command in ["train", "test", "time", "device_query"] { #expect(run.output.contains("\n  \(command) ")) }
    #expect(run.errors.isEmpty)
  }

  @Test func `refuses an unknown command`() throws {
    let run = try Run("tarin")
    #expect(run.status == 1)
    #expect(run.errors.hasPrefix("Available caffe actions:\n\ttrain\n\ttest\n\ttime\n\tdevice_query\n"))
    #expect(run.errors.hasSuffix("Unknown action: tarin\n"))
  }

  @Test(arguments: ["-version", "--version"])
  func `tells its version`(flag: String) throws {
    let run = try Run(flag)
    #expect(run.status == 0)
    #expect(run.output.hasPrefix("caffe version "))
  }

  @Test(arguments: [["train", "-help"], ["-helpshort", "train"], ["help", "train"]])
  func `explains a command`(arguments: [String]) throws {
    let run = try Run(arguments)
    #expect(run.status == 0)
    #expect(run.output.contains("--sigint_effect"))
    #expect(run.output.contains("--minloglevel"))
  }

  @Test(arguments: [["help", "tarin"], ["help", "train", "tarin"]])
  func `explains no command that does not exist`(arguments: [String]) throws {
    let run = try Run(arguments)
    #expect(run.status == 1 && run.errors.hasSuffix("Unknown action: tarin\n"))
  }

  @Test(arguments: ["-help=false", "-nohelp"]) func `explains nothing that is not asked for`(flag: String) throws {
    #expect(try Run("device_query", flag).errors.contains("Querying GPUs"))
  }

  @Test func `a flag that does not exist is a usage error`() throws {
    let run = try Run("train", "-solver", "s.prototxt", "-slover", "x")
    #expect(run.status == 2)
    #expect(run.errors.contains("Unknown option '--slover'"))
  }

  @Test func `an extra word is a usage error`() throws {
    let run = try Run("device_query", "now")
    #expect(run.status == 2)
    #expect(run.errors.contains("now"))
  }

  @Test func `flags without a command are a usage error`() throws {
    let run = try Run("-gpu", "0")
    #expect(run.status == 2)
    #expect(run.errors.contains("no command"))
  }

  @Test func `a flag of another command is taken with a warning`() throws {
    let run = try Run("-iterations", "5", "device_query")
    #expect(run.status == 0)
    #expect(run.messages.first == "-iterations has no effect on device_query.")
  }

  @Test(arguments: ["convert_mnist_data", "convert_mnist_data.bin"])
  func `is another program under that program's name`(name: String) throws {
    let run = try Run("-help", as: name)
    #expect(run.status == 0)
    #expect(run.output.contains("USAGE: convert_mnist_data"))
  }

  @Test(arguments: ["caffe.bin", "renamed"])
  func `is caffe under any other name`(name: String) throws {
    #expect(try Run(as: name).output.contains("command line brew"))
  }

  @Test func `refuses an empty operand, as of a variable that was never set`() throws {
    for command in ["compute_image_mean", "upgrade_net_proto_text"] {
      let run = try Run(command, "a", "")
      #expect(run.status == (command == "compute_image_mean" ? 2 : 1))
      #expect(run.errors.hasPrefix("Error: one of the operands is empty.\nUsage: \(command)"))
    }
    #expect(try Run("convert_imageset", "", "", "db").errors.contains("LISTFILE needs a name"))
  }

  @Test func `describes itself for other programs`() throws {
    #expect(try Run("--experimental-dump-help").output.contains("\"commandName\" : \"train\""))
  }
}
