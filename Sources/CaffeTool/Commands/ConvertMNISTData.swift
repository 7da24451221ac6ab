import ArgumentParser
import Caffe
import Logging

/// `convert_mnist_data`: puts the MNIST images and labels into a database.
struct ConvertMNISTData: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert_mnist_data",
    abstract: "convert the MNIST files to a database",
    usage: "convert_mnist_data [FLAGS] <image_file> <label_file> <db_file>")

  @OptionGroup var backend: BackendOption

  @Argument(help: ArgumentHelp("The images (idx3-ubyte), plain or in gzip.", valueName: "image_file"))
  var images: String

  @Argument(help: ArgumentHelp("The labels (idx1-ubyte), plain or in gzip.", valueName: "label_file"))
  var labels: String

  @Argument(help: ArgumentHelp("The database to make, which must not exist yet.", valueName: "db_file"))
  var database: String

  @OptionGroup(title: "Log") var logging: LogOptions

  func run(in session: Session) throws {
    var total = 0
    var line: ProgressLine?
    defer { line?.finish() }
    try convertMNIST(images: images, labels: labels, database: database, backend: backend.kind) { count, all in
      total = count
      session.log.info("Processed \(count) files.")
      if line == nil { line = ProgressLine("Converting", to: all, on: session.output) }
      line?.update(count)
    }
    session.log.info("A total of \(total) items.")
  }
}
