import ArgumentParser

/// `convert_mnist_data`: puts the MNIST images and labels into a database.
struct ConvertMNISTData: ToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert_mnist_data",
    abstract: "convert the MNIST files to a database")

  @Option(help: "The kind of database: lmdb.")
  var backend = "lmdb"

  @Argument(help: ArgumentHelp("The images (idx3-ubyte).", valueName: "image_file"))
  var images: String

  @Argument(help: ArgumentHelp("The labels (idx1-ubyte).", valueName: "label_file"))
  var labels: String

  @Argument(help: ArgumentHelp("The database to make, which must not exist yet.", valueName: "db_file"))
  var database: String

  @OptionGroup(title: "Log") var logging: LogOptions

  func validate() throws {
    guard backend == "lmdb" else {
      throw ValidationError("Unknown database backend \"\(backend)\"; this build writes lmdb.")
    }
  }

  func run(in session: Session) throws {
    throw ToolError("convert_mnist_data: databases are not part of this build.")
  }
}
