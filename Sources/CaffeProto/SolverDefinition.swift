import FoundationEssentials

/// A solver in the newest format, read from prototxt of any age.
public struct SolverDefinition: Sendable {
  public var parameter: SolverParameter
  public var file: String?
  /// What reading changed, to be logged.
  public private(set) var notices: [UpgradeNotice] = []

  /// Reads prototxt and settles where snapshots go.
  ///
  /// Without `snapshot_prefix` they go beside the solver file, under its name; with a directory as `snapshot_prefix`
  /// they go into it, under the solver file's name. A solver that comes through a pipe counts as a file `solver` in the working
  /// directory.
  ///
  /// - Throws: ``PrototxtError`` for a mistake in the text, ``WrongFileError`` for another file, ``UpgradeError`` for two solver
  ///   types.
  public init(contentsOf path: String) throws {
    try FileRole.solver.check(path)
    let bytes = try Prototxt.bytes(of: path, for: SolverParameter.self)
    try self.init(Prototxt.parse(SolverParameter.self, bytes: bytes, file: path).message, file: path)
    settleSnapshotPrefix(path)
  }

  /// Reads prototxt; `file` is the name that errors give as the place. The snapshot prefix stays as it is.
  public init(text: String, file: String) throws {
    try self.init(Prototxt.parse(SolverParameter.self, text: text, file: file), file: file)
  }

  /// Upgrades a solver.
  public init(_ parameter: SolverParameter, file: String? = nil) throws(UpgradeError) {
    var upgrade = SolverUpgrade(parameter, file: file)
    try upgrade.run()
    self.parameter = upgrade.solver
    self.file = file
    notices = upgrade.notices
  }

  private mutating func settleSnapshotPrefix(_ path: String) {
    let stem = isStream(path) ? "solver" : path.withoutExtension
    if !parameter.hasSnapshotPrefix {
      parameter.snapshotPrefix = stem
      notices.append(UpgradeNotice(.info, "snapshot_prefix was not specified and is set to \(stem)"))
    } else if isDirectory(parameter.snapshotPrefix) {
      let separator = parameter.snapshotPrefix.hasSuffix("/") ? "" : "/"
      parameter.snapshotPrefix += separator + (stem.split(separator: "/").last ?? "")
      notices.append(
        UpgradeNotice(.info, "snapshot_prefix was a directory and is replaced by \(parameter.snapshotPrefix)"))
    }
  }

  private func isDirectory(_ path: String) -> Bool {
    var isDirectory = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
  }
}

extension String {
  /// The path up to the last dot of its last component.
  fileprivate var withoutExtension: String {
    let name = self[(lastIndex(of: "/").map(index(after:)) ?? startIndex)...]
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return self }
    return String(self[..<dot])
  }
}

extension SolverParameter {
  /// The solver in a prototxt file, in the newest format and with its snapshot prefix settled.
  public static func read(path: String) throws -> SolverParameter { try SolverDefinition(contentsOf: path).parameter }
}
