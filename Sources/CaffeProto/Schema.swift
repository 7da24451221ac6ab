import FoundationEssentials
import SwiftProtobuf

/// What caffe.proto declares, by name: messages with their fields, and enumerations with their values.
///
///     Schema.caffe.messages["ConvolutionParameter"]?.field(named: "stride")?.number   // 6
///
/// Nested types are named with a dot, as in `PoolingParameter.PoolMethod`.
public struct Schema: Sendable {
  /// The schema of this package, decoded from the compiled caffe.proto when first asked for.
  public static let caffe = Schema(inBase64: descriptorSetInBase64)

  public private(set) var messages: [String: MessageType] = [:]
  public private(set) var enumerations: [String: Enumeration] = [:]

  /// A message and its fields, in the order of the file.
  public struct MessageType: Hashable, Sendable {
    public let name: String
    public let fields: [Field]
    private let indexByName: [String: Int]
    private let indexByNumber: [Int: Int]

    public func field(named name: String) -> Field? { indexByName[name].map { fields[$0] } }
    public func field(numbered number: Int) -> Field? { indexByNumber[number].map { fields[$0] } }

    fileprivate init(name: String, fields: [Field]) {
      self.name = name
      self.fields = fields
      indexByName = Dictionary(uniqueKeysWithValues: fields.indices.map { (fields[$0].name, $0) })
      indexByNumber = Dictionary(uniqueKeysWithValues: fields.indices.map { (fields[$0].number, $0) })
    }
  }

  /// A field of a message.
  public struct Field: Hashable, Sendable {
    public let name: String
    public let number: Int
    public let kind: Kind
    public let label: Label
    public let isPacked: Bool
    /// The default as caffe.proto writes it, without quotes; nil if it writes none.
    public let explicitDefault: String?

    public var isRepeated: Bool { label == .repeated }
  }

  public enum Label: Hashable, Sendable { case optional, required, repeated }

  /// The type of a field's values; a message or an enumeration is given by name.
  public enum Kind: Hashable, Sendable {
    case int32, int64, uint32, uint64, float, double, bool, string, bytes
    case message(String)
    case enumeration(String)
  }

  /// An enumeration and its values, in the order of the file.
  public struct Enumeration: Hashable, Sendable {
    public let name: String
    public let values: [Value]

    public struct Value: Hashable, Sendable {
      public let name: String
      public let number: Int
    }

    public func number(named name: String) -> Int? { values.first { $0.name == name }?.number }
    public func name(numbered number: Int) -> String? { values.first { $0.number == number }?.name }
  }
}

extension Schema {
  fileprivate init(inBase64 text: String) {
    guard let data = Data(base64Encoded: text),
      let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: data)
    else { preconditionFailure("Descriptor.pb.swift is damaged: run Scripts/generate-proto") }
    for file in set.file {
      for type in file.enumType { add(type, in: "") }
      for type in file.messageType { add(type, in: "") }
    }
  }

  private mutating func add(_ message: Google_Protobuf_DescriptorProto, in scope: String) {
    let name = scope + message.name
    messages[name] = MessageType(name: name, fields: message.field.map(Field.init))
    for type in message.enumType { add(type, in: name + ".") }
    for type in message.nestedType { add(type, in: name + ".") }
  }

  private mutating func add(_ enumeration: Google_Protobuf_EnumDescriptorProto, in scope: String) {
    let name = scope + enumeration.name
    let values = enumeration.value.map { Enumeration.Value(name: $0.name, number: Int($0.number)) }
    enumerations[name] = Enumeration(name: name, values: values)
  }

  /// The schema's description of a generated message.
  func message<M: Message>(for type: M.Type) -> MessageType {
    guard let message = messages[Schema.unqualified(M.protoMessageName)] else {
      preconditionFailure("\(M.protoMessageName) is not declared in caffe.proto")
    }
    return message
  }

  /// `LayerParameter` for `.caffe.LayerParameter`.
  fileprivate static func unqualified(_ name: String) -> String {
    guard let package = name.firstRange(of: "caffe.") else { return name }
    return String(name[package.upperBound...])
  }
}

extension Schema.Field {
  fileprivate init(_ field: Google_Protobuf_FieldDescriptorProto) {
    name = field.name
    number = Int(field.number)
    kind = Schema.Kind(field)
    label = field.label == .repeated ? .repeated : field.label == .required ? .required : .optional
    isPacked = field.options.packed
    explicitDefault = field.hasDefaultValue ? field.defaultValue : nil
  }
}

extension Schema.Kind {
  fileprivate init(_ field: Google_Protobuf_FieldDescriptorProto) {
    self =
      switch field.type {
      case .int32: .int32
      case .int64: .int64
      case .uint32: .uint32
      case .uint64: .uint64
      case .float: .float
      case .double: .double
      case .bool: .bool
      case .string: .string
      case .bytes: .bytes
      case .message: .message(Schema.unqualified(field.typeName))
      case .enum: .enumeration(Schema.unqualified(field.typeName))
      case .fixed32, .fixed64, .sfixed32, .sfixed64, .sint32, .sint64, .group:
        preconditionFailure("\(field.name): Caffe has no fields of this type")
      }
  }
}
