import ArgumentParser
import Caffe

/// `-backend`: which kind of database.
package struct BackendOption: ParsableArguments {
  @Option(name: .customLong("backend"), help: "The kind of database: lmdb or leveldb.")
  var name: String?

  package init() {}

  package func validate() throws {
    if let name, given == nil { throw ValidationError("Unknown database backend \"\(name)\".") }
  }

  /// The kind that was asked for; a database that is there already shows its kind itself.
  var given: DatabaseBackend? { name.flatMap { DatabaseBackend(rawValue: $0) } }
  /// The kind to make.
  var kind: DatabaseBackend { given ?? .lmdb }
}
