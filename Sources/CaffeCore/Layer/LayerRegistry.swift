internal import CaffeProto

/// The layer types that a net may use: a value, to which users add types of their own.
///
///     var registry = LayerRegistry.standard
///     registry.add(MyLayer.self)
public struct LayerRegistry {
  private var types: [String: any Layer.Type] = [:]

  public init(_ types: [any Layer.Type] = []) {
    for type in types { add(type) }
  }

  /// Adds a type, or replaces the one of the same name.
  public mutating func add(_ type: any Layer.Type) { types[type.type] = type }

  /// The names of all types, in byte order.
  public var names: [String] { types.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  public subscript(name: String) -> (any Layer.Type)? { types[name] }

  func type(named name: String) throws(NetError) -> any Layer.Type {
    if let type = types[name] { return type }
    if name == "Python" {
      throw NetError("Unknown layer type: Python", remedy: "layers written in Python run in Python only: import caffe")
    }
    let near = nearestName(to: name, among: names)
    throw NetError(
      "Unknown layer type: \(name) (known types: \(names.joined(separator: ", ")))",
      remedy: near.map { "did you mean \"\($0)\"?" })
  }
}
