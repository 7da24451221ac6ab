public import CaffeProto

extension BlobProto {
  /// Whether the stored shape is the given one. A blob in the old four-dimensional form is compared from the end, missing
  /// axes counting 1: a stored 1×1×1×N is N values.
  public func hasShape(of shape: Shape) -> Bool {
    guard isLegacy else { return shape.dimensions.elementsEqual(self.shape.dim.map { Int(clamping: $0) }) }
    guard shape.rank <= 4 else { return false }
    let target = Array(repeating: 1, count: 4 - shape.rank) + shape.dimensions
    return target == legacyDimensions
  }

  /// The stored shape as text, for messages.
  public var shapeText: String {
    let dimensions = isLegacy ? legacyDimensions : shape.dim.map { Int(clamping: $0) }
    let count = dimensions.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    return dimensions.map { "\($0) " }.joined() + "(\(count))"
  }

  /// The stored shape; a legacy blob has four axes.
  ///
  /// - Throws: `NetError` when it is not a shape.
  public func checkedShape() throws(NetError) -> Shape {
    try isLegacy ? Shape(checking: legacyDimensions) : Shape(checking: shape.dim)
  }

  private var isLegacy: Bool { hasNum || hasChannels || hasHeight || hasWidth }
  private var legacyDimensions: [Int] { [Int(num), Int(channels), Int(height), Int(width)] }
}

extension Blob {
  /// A blob of the stored shape with the stored values.
  public convenience init(_ proto: BlobProto) throws(NetError) {
    let shape = try proto.checkedShape()
    guard max(proto.data.count, proto.doubleData.count) == shape.count else {
      throw NetError("a stored blob of shape \(shape) holds \(max(proto.data.count, proto.doubleData.count)) values")
    }
    self.init(shape)
    try load(proto)
  }

  /// Takes the stored values, and the stored gradient if there is one. Doubles win over floats.
  ///
  /// The caller has compared the shapes.
  public func load(_ proto: BlobProto) throws(NetError) {
    try Self.load(proto.data, proto.doubleData, into: data, what: "values")
    if !proto.diff.isEmpty || !proto.doubleDiff.isEmpty {
      try Self.load(proto.diff, proto.doubleDiff, into: diff, what: "gradients")
    }
  }

  /// Takes the values of a blob of a file, and its gradient if there is one, straight from there.
  ///
  /// The caller has compared the shapes.
  public func load(_ proto: BlobProto, from file: WeightFile) throws {
    guard let (values, gradients) = file.values(of: proto) else { return try load(file.decoded(proto)) }
    try Self.check(values.count, for: data, what: "values")
    try file.read(values, into: data.uninitializedValues)
    guard gradients.count > 0 else { return }
    try Self.check(gradients.count, for: diff, what: "gradients")
    try file.read(gradients, into: diff.uninitializedValues)
  }

  /// The blob as it is stored: its shape, its values and, when asked, its gradient.
  public func proto(withDiff: Bool = false) -> BlobProto {
    var proto = BlobProto()
    proto.shape.dim = shape.dimensions.map(Int64.init)
    proto.data = Array(data.values)
    if withDiff { proto.diff = Array(diff.values) }
    return proto
  }

  private static func load(_ floats: [Float], _ doubles: [Double], into buffer: Buffer, what: String) throws(NetError) {
    try check(doubles.isEmpty ? floats.count : doubles.count, for: buffer, what: what)
    let target = buffer.uninitializedValues
    if doubles.isEmpty {
      _ = target.update(from: floats)
    } else {
      for i in target.indices { target[i] = Float(doubles[i]) }
    }
  }

  private static func check(_ stored: Int, for buffer: Buffer, what: String) throws(NetError) {
    guard stored == buffer.count else {
      throw NetError("a stored blob holds \(stored) \(what), but its shape has \(buffer.count)")
    }
  }
}
