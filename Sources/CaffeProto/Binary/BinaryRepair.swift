/// Makes the weights of forks readable whose settings clash with the numbers and types of caffe.proto.
///
/// Forks reuse field numbers of layers, and old tools wrote strings in local encodings; either makes a decoder refuse
/// the whole file. What is taken out or changed: settings of other types than the layer's own that cannot be decoded,
/// unknown fields, and bytes of strings that are not UTF-8.
struct BinaryRepair {
  private(set) var notices: [UpgradeNotice] = []

  /// The repaired message, or nil if it is damaged elsewhere.
  mutating func repair(
    _ bytes: MemoryBytes, as message: Schema.MessageType
  ) -> [UInt8]? {
    let layer = message.name == "LayerParameter" ? names(of: bytes) : nil
    var wire = WireWriter()
    var seen: Set<Int> = []
    var reader = WireReader(bytes)
    while !reader.isAtEnd {
      guard let content = reader.next() else { return nil }
      guard let field = message.field(numbered: content.number) else { continue }
      if case .message(let name) = field.kind {
        guard content.type == .lengthDelimited, let child = Schema.caffe.messages[name] else { continue }
        if let repaired = repair(content.content, as: child) {
          wire.lengthDelimited(content.number, repaired)
        } else if let layer, field.name.hasSuffix("_param"), name != layer.type + "Parameter" {
          let text = "layer \"\(layer.name)\": left out \(field.name), which is not what a \(layer.type) layer has here"
          notices.append(UpgradeNotice(.warning, text))
        } else {
          return nil
        }
      } else if field.kind == .string, content.type == .lengthDelimited {
        wire.lengthDelimited(content.number, Array(String(decoding: content.content, as: UTF8.self).utf8))
      } else if content.type == field.kind.wireType || isPacked(content, field) {
        wire.append(content.whole)
      } else {
        continue
      }
      seen.insert(field.number)
    }
    let isComplete = message.fields.allSatisfy { $0.label != .required || seen.contains($0.number) }
    return isComplete ? wire.bytes : nil
  }

  private func isPacked(_ content: WireReader<MemoryBytes>.Field, _ field: Schema.Field) -> Bool {
    guard field.isRepeated, content.type == .lengthDelimited, let type = field.kind.wireType else { return false }
    switch type {
    case .fixed32: return content.content.count.isMultiple(of: 4)
    case .fixed64: return content.content.count.isMultiple(of: 8)
    default:
      var reader = WireReader(content.content)
      while !reader.isAtEnd { if reader.varint() == nil { return false } }
      return true
    }
  }

  /// The name and type of a layer.
  private func names(of layer: MemoryBytes) -> (name: String, type: String) {
    var result = (name: "", type: "")
    var reader = WireReader(layer)
    while !reader.isAtEnd, let field = reader.next() {
      guard field.type == .lengthDelimited else { continue }
      if field.number == 1 { result.name = String(decoding: field.content, as: UTF8.self) }
      if field.number == 2 { result.type = String(decoding: field.content, as: UTF8.self) }
    }
    return result
  }
}
