import CaffeProto
import Testing

@Suite struct `Schema of caffe.proto` {
  /// Fields that the original does not have.
  static let ownFields = [
    "SolverState.layer_state = 10001", "SolverState.recent_losses = 10002",
  ]

  struct Row: Hashable {
    var owner: String
    var name: String
    var number: Int
    var type = ""
    var label = ""
    var isPacked = false
    var explicitDefault: String?
  }

  static func original(_ kind: String) throws -> [Row] {
    var rows: [Row] = []
    for line in try Fixtures.text("proto/proto-fields.tsv").split(separator: "\n").dropFirst() {
      let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard columns[0] == kind else { continue }
      var row = Row(owner: columns[1], name: columns[2], number: Int(columns[3]) ?? -1)
      row.type = columns[4]
      row.label = columns[5]
      row.isPacked = columns[6] == "packed"
      if !columns[7].isEmpty { row.explicitDefault = columns[7] == "\"\"" ? "" : columns[7] }
      rows.append(row)
    }
    return rows
  }

  @Test func `has the original's fields and three of its own`() throws {
    let declared = Schema.caffe.messages.values.filter { $0.name != "LayerState" }
      .flatMap { message in message.fields.map { Row(owner: message.name, $0) } }
    let own = declared.filter { $0.number >= 10_001 }
    #expect(own.map { "\($0.owner).\($0.name) = \($0.number)" }.sorted() == Self.ownFields)
    #expect(Set(declared).subtracting(own) == Set(try Self.original("field")))
  }

  @Test func `has the original's enumerations`() throws {
    let declared = Schema.caffe.enumerations.values.flatMap { enumeration in
      enumeration.values.map { Row(owner: enumeration.name, name: $0.name, number: $0.number) }
    }
    #expect(Set(declared) == Set(try Self.original("enum_value")))
  }

  @Test func `has no message that contains itself`() {
    func contains(_ inner: String, in outer: String) -> Bool {
      let children = (Schema.caffe.messages[outer]?.fields ?? []).compactMap { field in
        if case .message(let name) = field.kind { name } else { nil }
      }
      return children.contains(inner) || children.contains { contains(inner, in: $0) }
    }
    for name in Schema.caffe.messages.keys { #expect(!contains(name, in: name)) }
  }

  @Test func `finds fields and values by name and number`() {
    let pooling = Schema.caffe.messages["PoolingParameter"]
    #expect(pooling?.field(named: "stride")?.number == 3)
    #expect(pooling?.field(numbered: 1)?.kind == .enumeration("PoolingParameter.PoolMethod"))
    #expect(Schema.caffe.enumerations["Phase"]?.number(named: "TEST") == 1)
    #expect(Schema.caffe.enumerations["Phase"]?.name(numbered: 0) == "TRAIN")
  }
}

extension `Schema of caffe.proto`.Row {
  init(owner: String, _ field: Schema.Field) {
    self.init(
      owner: owner, name: field.name, number: field.number, type: Self.name(of: field.kind),
      label: "\(field.label)", isPacked: field.isPacked, explicitDefault: field.explicitDefault)
  }

  static func name(of kind: Schema.Kind) -> String {
    switch kind {
    case .message(let name): "message:\(name)"
    case .enumeration(let name): "enum:\(name)"
    default: "\(kind)"
    }
  }
}
