import Caffe
import FoundationEssentials

/// A net as bytes, for copies, pickles and other processes: its definition, its weights with their gradients, where its layers stand in
/// data and random numbers, what its inputs and outputs hold, how far it is trusted, and which engine computes it.
///
/// Everything else follows from these by the next pass.
extension Net {
  func parcel() throws -> Parcel {
    if let node = layers.first(where: { $0.type == "HDF5Output" }) {
      throw NetError(
        "layer '\(node.name)' (HDF5Output) writes to a file, and a copy of it would overwrite that",
        remedy: "Build another net, with another file_name.")
    }
    let weights = BlobProtoVector.with { $0.blobs = learnableParameters.map { Self.stored($0.blob) } }
    let ends = BlobProtoVector.with { $0.blobs = (inputs + outputs).map { Self.stored(blobs[$0]) } }
    let state = SolverState.with { $0.layerState = layerStates() }
    var definition = definition
    definition.precision = precision == .bfloat16 ? .bf16 : .fp32
    return Parcel([
      try BinaryProto.bytes(of: definition), try BinaryProto.bytes(of: weights), try BinaryProto.bytes(of: ends),
      try BinaryProto.bytes(of: state), layers.first?.restrictions?.packed ?? [], Array(engine.name.utf8),
    ])
  }

  private static func stored(_ blob: Blob) -> BlobProto { blob.proto(withDiff: !blob.diff.isZero) }

  /// Builds the net again. No number is drawn from the seed: what was random comes with the parcel.
  static func copy(from parcel: UnsafeBufferPointer<UInt8>) throws -> Net {
    let parts = try Parcel.parts(of: parcel)
    let definition = try Self.definition(in: parts)
    var environment = try Session.environment(ofCopyOf: parts)
    environment.restrictions = try Restrictions(packed: parts[4])
    let net = try Net(NetDefinition(definition), state: definition.state, in: environment)
    try net.takeState(of: parts)
    return net
  }

  /// The definition in the parts of a parcel.
  static func definition(in parts: [Data]) throws -> NetParameter {
    guard parts.count == 6 else { throw Parcel.damaged }
    return try BinaryProto.parse(NetParameter.self, bytes: parts[0], file: "a copy")
  }

  /// Takes over what the parts of a parcel of an equal net hold besides the definition.
  func takeState(of parts: [Data]) throws {
    guard parts.count == 6 else { throw Parcel.damaged }
    let weights = try BinaryProto.parse(BlobProtoVector.self, bytes: parts[1], file: "a copy").blobs
    let ends = try BinaryProto.parse(BlobProtoVector.self, bytes: parts[2], file: "a copy").blobs
    let state = try BinaryProto.parse(SolverState.self, bytes: parts[3], file: "a copy")
    let targets = learnableParameters.map(\.blob)
    guard weights.count == targets.count, ends.count == inputs.count + outputs.count else { throw Parcel.damaged }
    for (target, stored) in zip(targets, weights) {
      guard stored.hasShape(of: target.shape) else { throw Parcel.damaged }
      try target.load(stored)
    }
    for (index, stored) in zip(inputs, ends) { blobs[index].reshape(to: try stored.checkedShape()) }
    try reshape()
    for (index, stored) in zip(inputs + outputs, ends) where stored.hasShape(of: blobs[index].shape) {
      try blobs[index].load(stored)
    }
    try restoreLayers(from: state.layerState)
  }
}

/// A copy of a net that is not trusted is not trusted either.
extension Restrictions {
  fileprivate var packed: [UInt8] { Array("\(memoryLimit) \(folder)".utf8) }

  fileprivate init?(packed bytes: Data) throws(NetError) {
    guard !bytes.isEmpty else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let space = text.firstIndex(of: " "), let limit = Int(text[..<space]), limit > 0 else {
      throw Parcel.damaged
    }
    try self.init(folder: String(text[text.index(after: space)...]), memoryLimit: limit)
  }
}

/// Packs a net into bytes.
@_cdecl("caffe_net_pack")
public func netPack(_ net: Handle?, _ bytes: Place?, _ count: UnsafeMutablePointer<Int>?) -> CText? {
  attempt {
    let net = try object(net, NetHandle.self)
    try net.lock.withLock {
      net.net.acceptWritesThroughViews()
      try give(net.net.parcel().bytes, bytes, count)
    }
  }
}

/// Builds a net from the bytes of another.
@_cdecl("caffe_net_unpack")
public func netUnpack(_ bytes: UnsafePointer<UInt8>?, _ count: Int, _ result: Place?) -> CText? {
  attempt {
    let result = try required(result, "the net")
    result.pointee = handle(NetHandle(try Net.copy(from: values(bytes, count, "bytes"))))
  }
}
