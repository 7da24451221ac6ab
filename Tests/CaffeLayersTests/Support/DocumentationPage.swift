import Caffe
import Foundation

/// The root of the package.
let packageFolder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL

/// A page of the documentation, taken apart.
struct DocumentationPage: CustomStringConvertible, Sendable {
  static let folder = packageFolder.appending(path: "Sources/Caffe/Caffe.docc")

  let name: String
  let text: String

  /// The pages of the layer types.
  static func layers() throws -> [DocumentationPage] { try pages(in: folder.appending(path: "Layers")) }

  /// All pages.
  static func all() throws -> [DocumentationPage] { try pages(in: folder) + layers() }

  private static func pages(in folder: URL) throws -> [DocumentationPage] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }.sorted().map {
      DocumentationPage(
        name: String($0.dropLast(3)), text: try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
    }
  }

  var description: String { name }

  /// The code blocks of a language.
  func blocks(of language: String) -> [String] {
    text.components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
  }

  /// The sections with a table of fields: the heading, and the table's rows.
  var fieldTables: [(heading: String, rows: [FieldRow])] {
    text.components(separatedBy: "\n## ").dropFirst().compactMap { section in
      let lines = section.components(separatedBy: "\n")
      guard let header = lines.firstIndex(of: "| field | type | default | meaning |") else { return nil }
      let rows = lines[(header + 2)...].prefix { $0.hasPrefix("|") }
      return (lines[0], rows.map(FieldRow.init(line:)))
    }
  }
}

/// A row of a table of fields, but for the meaning.
struct FieldRow: Hashable, CustomStringConvertible {
  let name: String
  let type: String
  let `default`: String

  init(line: String) {
    let cells = line.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    name = cells.count > 1 ? cells[1] : ""
    type = cells.count > 2 ? cells[2] : ""
    `default` = cells.count > 3 ? cells[3] : ""
  }

  /// What the row of a field must say.
  init(_ field: Schema.Field) {
    name = "`\(field.name)`"
    let type =
      switch field.kind {
      case .message(let name): "`\(name)`"
      case .enumeration(let name):
        (Schema.caffe.enumerations[name]?.values ?? []).map { "`\($0.name)`" }.joined(separator: ", ")
      default: "`\(field.kind)`"
      }
    let label: [Schema.Label: String] = [.required: "required ", .repeated: "repeated "]
    self.type = label[field.label, default: ""] + type
    let isText = field.kind == .string
    `default` = field.explicitDefault.map { isText ? "`\"\($0)\"`" : "`\($0)`" } ?? "–"
  }

  var description: String { "| \(name) | \(type) | \(`default`) |" }
}
