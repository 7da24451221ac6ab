internal import CaffeHDF5
internal import CaffeProto
internal import FoundationEssentials

/// What fuzzing starts from.
extension FuzzTarget {
  /// Sound input: fixtures under a folder, and what the target makes itself.
  ///
  /// A fixture by the name of CURRENT stands for its whole folder, a database.
  package func seeds(under fixtures: String) throws -> [[UInt8]] {
    let files = try FileManager.default.subpathsOfDirectory(atPath: fixtures).sorted()
    var seeds = try made()
    for file in files where endings.contains(where: file.hasSuffix) {
      let path = "\(fixtures)/\(file)"
      let seed = file.hasSuffix("CURRENT") ? try Self.bundle(String(path.dropLast(8))) : try Self.bytes(path)
      if seed.count <= Self.largestSeed { seeds.append(seed) }
    }
    for file in files where attribute != nil && file.hasSuffix(".h5") {
      let root = try HDF5File(reading: "\(fixtures)/\(file)").root
      if let attribute, try root.hasAttribute(attribute) {
        seeds.append(Array(try root.string(attribute: attribute).utf8))
      }
    }
    return seeds
  }

  /// Larger input is damaged in the same places, only more slowly.
  package static let largestSeed = 1 << 16

  /// The names of caffe.proto, which texts consist of.
  package static var words: [String] {
    var words = Set(Schema.caffe.messages.values.flatMap { $0.fields.map(\.name) })
    words.formUnion(Schema.caffe.enumerations.values.flatMap { $0.values.map(\.name) })
    words.formUnion(Schema.caffe.messages.keys.filter { $0.hasSuffix("Parameter") }.map { "\"\($0.dropLast(9))\"" })
    return words.sorted()
  }

  static func bundle(_ folder: String) throws -> [UInt8] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    return try FileBundle(names.map { ($0, try bytes("\(folder)/\($0)")) }).bytes
  }

  private static func bytes(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }
}
