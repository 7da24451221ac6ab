import ArgumentParser
import Caffe

/// `-untrusted` and `-memory_limit`: for nets that come from somebody unknown.
package struct TrustOptions: ParsableArguments {
  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help:
      "Do not trust the net: no layers in Python, no files outside of its folder, no more memory than -memory_limit.")
  package var untrusted = false

  @Option(
    name: .customLong("memory_limit"),
    help: "With -untrusted, how many MB the net's blobs and parameters may take: 4096 unless given.")
  package var memoryLimit: Int?

  package init() {}

  package func validate() throws {
    guard memoryLimit == nil || untrusted else {
      throw ValidationError("-memory_limit is for -untrusted, which is missing.")
    }
    guard (1...(1 << 30)).contains(memoryLimit ?? 1) else {
      throw ValidationError("-memory_limit must be 1 to \(1 << 30) MB, and is \(memoryLimit ?? 0).")
    }
  }

  /// The environment for a net, or for the nets of a solver, in a file.
  func applied(to environment: NetEnvironment, for file: String) throws -> NetEnvironment {
    guard untrusted else { return environment }
    var environment = environment
    environment.restrictions = try Restrictions(
      besides: file, memoryLimit: memoryLimit.map { $0 << 20 } ?? Restrictions.usualMemoryLimit)
    return environment
  }
}
