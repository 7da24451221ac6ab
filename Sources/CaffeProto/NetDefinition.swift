import FoundationEssentials

/// A net in the newest format, read from a file of any format that Caffe ever had.
public struct NetDefinition: Sendable {
  public var parameter: NetParameter
  /// Where each entry of `parameter.layer` starts; nil for layers that came from no text.
  public var locations: [SourceLocation?]
  public var file: String?
  /// What the upgrade did; empty if the file was in the newest format.
  public private(set) var notices: [UpgradeNotice] = []

  /// Reads prototxt.
  ///
  /// - Throws: ``PrototxtError`` for a mistake in the text, ``WrongFileError`` for another kind of file, ``UpgradeError`` for an
  ///   old net that has no newest form.
  public init(contentsOf path: String) throws {
    try FileRole.net.check(path)
    try self.init(bytes: Prototxt.bytes(of: path, for: NetParameter.self), file: path)
  }

  /// Reads prototxt; `file` is the name that errors give as the place.
  public init(text: String, file: String) throws {
    try self.init(bytes: Array(text.utf8), file: file)
  }

  /// Upgrades a net, such as the `net_param` of a solver.
  public init(_ parameter: NetParameter) throws(UpgradeError) {
    let count = parameter.layer.count + parameter.layers.count
    try self.init(parameter, locations: Array(repeating: nil, count: count), file: nil)
  }

  /// Reads a .caffemodel file in protobuf's binary format.
  ///
  /// - Throws: ``BinaryProtoError`` for a damaged file, ``UpgradeError`` for an old net that has no newest form.
  public init(contentsOfBinary path: String) throws {
    let bytes = try BinaryProto.contents(of: path, for: NetParameter.self)
    // Another message may decode as a net without layers.
    if let format = BinaryProtoError.foreignFormat(bytes, for: NetParameter.self) {
      throw BinaryProtoError(file: path, message: "NetParameter", problem: .foreign(format))
    }
    try self.init(binary: bytes, file: path)
  }

  /// Decodes a net in protobuf's binary format; `file` is the name that errors give as the place.
  public init(binary bytes: Data, file: String) throws {
    var repair = BinaryRepair()
    var net: NetParameter
    do {
      net = try BinaryProto.parse(NetParameter.self, bytes: bytes, file: file)
    } catch {
      let message = Schema.caffe.message(for: NetParameter.self)
      guard let repaired = bytes.withUnsafeBytes({ repair.repair($0[...], as: message) }) else { throw error }
      net = try BinaryProto.parse(NetParameter.self, bytes: Data(repaired), file: file)
    }
    let count = net.layer.count + net.layers.count
    try self.init(net, locations: Array(repeating: nil, count: count), file: file)
    notices = repair.notices + notices
  }

  private init(bytes: [UInt8], file: String) throws {
    let (net, places) = try Prototxt.parse(NetParameter.self, bytes: bytes, file: file)
    let locations = (places["layer"] ?? []) + (places["layers"] ?? [])
    try self.init(net, locations: locations, file: file)
  }

  private init(_ net: NetParameter, locations: [SourceLocation?], file: String?) throws(UpgradeError) {
    var upgrade = NetUpgrade(net, locations: locations, file: file)
    try upgrade.run()
    parameter = upgrade.net
    self.locations = upgrade.locations
    self.file = file
    notices = upgrade.notices
  }
}

extension NetParameter {
  /// The net in a .caffemodel file (protobuf's binary format) of any age, in the newest format.
  public static func read(binary path: String) throws -> NetParameter {
    try NetDefinition(contentsOfBinary: path).parameter
  }
}
