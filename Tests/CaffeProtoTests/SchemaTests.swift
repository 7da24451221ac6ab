import CaffeProto
import Testing

@Suite struct `Schema of caffe.proto` {
  /// Fields that the original does not have.
  static let ownFields = [
    "BatchNormParameter.use_weight_bias = 10001", "DataParameter.skip_corrupt = 10001", "Datum.labels = 10001",
    "ImageDataParameter.label_size = 10002",
    "ImageDataParameter.skip_corrupt = 10001", "NetParameter.precision = 10001",
    "SolverParameter.early_stop_tests = 10008",
    "SolverParameter.min_lr = 10003", "SolverParameter.monitor = 10005", "SolverParameter.monitor_min_delta = 10007",
    "SolverParameter.monitor_mode = 10006", "SolverParameter.plateau_winsize = 10004",
    "SolverParameter.snapshot_best = 10009", "SolverParameter.warmup_iter = 10001",
    "SolverParameter.warmup_start_lr = 10002", "SolverState.layer_state = 10001", "SolverState.plateau_state = 10003",
    "SolverState.recent_losses = 10002", "SolverState.test_state = 10004",
    "TransformationParameter.color_jitter = 10004", "TransformationParameter.exif_orientation = 10001",
    "TransformationParameter.max_rotation_angle = 10002", "TransformationParameter.random_resized_crop = 10003",
  ]

  /// Messages and enumerations that the original does not have.
  static let ownTypes: Set = [
    "ColorJitterParameter", "LayerState", "MonitorState", "NetParameter.Precision", "RandomResizedCropParameter",
    "SolverParameter.MonitorMode",
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

  /// Fields of forks that have their own numbers here.
  static let fieldsOfForks: Set = [
    "BatchNormParameter.scale_filler", "BatchNormParameter.bias_filler", "BatchNormParameter.scale_bias",
  ]

  @Test func `has the original's fields and a few of its own`() throws {
    let declared = Schema.caffe.messages.values.filter { !Self.ownTypes.contains($0.name) }
      .flatMap { message in message.fields.map { Row(owner: message.name, $0) } }
      .filter { !Self.fieldsOfForks.contains("\($0.owner).\($0.name)") }
    let own = declared.filter { $0.number >= 10_001 }
    #expect(own.map { "\($0.owner).\($0.name) = \($0.number)" }.sorted() == Self.ownFields)
    #expect(Set(declared).subtracting(own) == Set(try Self.original("field")))
  }

  @Test func `has the original's enumerations`() throws {
    let original = Schema.caffe.enumerations.values.filter { !Self.ownTypes.contains($0.name) }
    let declared = original.flatMap { enumeration in
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
