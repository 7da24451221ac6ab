import ArgumentParser
import Caffe
import Logging

/// `convert_cifar_data`: puts the CIFAR-10 images and labels into two databases.
struct ConvertCIFARData: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert_cifar_data",
    abstract: "convert the CIFAR-10 files to databases",
    usage: "convert_cifar_data <input_folder> <output_folder> <db_type>")

  @Argument(help: ArgumentHelp("The folder with the binary batches, plain or in gzip.", valueName: "input_folder"))
  var input: String

  @Argument(
    help: ArgumentHelp("Where to make cifar10_train_<db_type> and cifar10_test_<db_type>.", valueName: "output_folder"))
  var output: String

  @Argument(help: ArgumentHelp("The kind of database: lmdb or leveldb.", valueName: "db_type"))
  var backend: String

  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard DatabaseBackend(rawValue: backend) != nil else {
      throw ValidationError("Unknown database backend \"\(backend)\".")
    }
  }

  func run(in session: Session) throws {
    var isTraining = true
    var line = ProgressLine("Converting", to: 60000, on: session.output)
    defer { line.finish() }
    try convertCIFAR10(input: input, output: output, backend: DatabaseBackend(rawValue: backend) ?? .lmdb) { progress in
      switch progress {
      case .database(let part):
        isTraining = part == "train"
        session.log.info("Writing \(isTraining ? "Training" : "Testing") data")
      case .file(let number):
        if isTraining { session.log.info("Training Batch \(number)") }
      case .records(let count): line.update(count)
      }
    }
  }
}
