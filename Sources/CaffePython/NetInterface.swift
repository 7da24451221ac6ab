import Caffe
import CaffeDrawing
import FoundationEssentials

/// Builds a net from a prototxt file, or from a text whose name is `path`, for a phase, a level and stages with line feeds
/// between them.
@_cdecl("caffe_net_create")
public func netCreate(
  _ path: CString?, _ definition: CString?, _ phase: CInt, _ level: CInt, _ stages: CString?, _ result: Place?
) -> CText? {
  attempt {
    let path = try string(path, "the path")
    let source =
      try definition.map { try NetDefinition(text: String(cString: $0), file: path) } ?? NetDefinition(contentsOf: path)
    guard let phase = Phase(rawValue: Int(phase)) else {
      throw NetError("the phase is \(phase), but it must be caffe.TRAIN (0) or caffe.TEST (1)")
    }
    let stages = try string(stages, "the stages").split(separator: "\n").map(String.init)
    let result = try required(result, "the net")
    let net = try Net(source, phase: phase, level: Int(level), stages: stages, in: Session.environment())
    result.pointee = handle(NetHandle(net))
  }
}

/// What does not change in the life of a net, as JSON.
private struct NetDescription: Encodable {
  var name: String
  var phase: Int
  var layers: [Layer]
  var blobs: [String]
  var lossWeights: [Float]
  var inputs: [Int]
  var outputs: [Int]

  struct Layer: Encodable {
    var name: String
    var type: String
    var bottoms: [Int]
    var tops: [Int]
    var parameters: Int
  }
}

@_cdecl("caffe_net_describe")
public func netDescribe(_ net: Handle?) -> CText? {
  guard let net = (try? object(net, NetHandle.self))?.net else { return nil }
  var lossWeights = [Float](repeating: 0, count: net.blobs.count)
  for node in net.layers {
    // JSON has no word for what is not a number.
    for (top, weight) in zip(node.topIndices, node.lossWeights) where weight.isFinite { lossWeights[top] = weight }
  }
  return try? json(
    NetDescription(
      name: net.name, phase: net.phase.rawValue,
      layers: net.layers.map {
        .init(
          name: $0.name, type: $0.type, bottoms: $0.bottomIndices, tops: $0.topIndices,
          parameters: $0.layer.parameters.count)
      }, blobs: net.blobNames, lossWeights: lossWeights, inputs: net.inputs, outputs: net.outputs))
}

/// The multiplications of each layer for one item of the batch, as JSON.
@_cdecl("caffe_net_multiplies")
public func netMultiplies(_ net: Handle?) -> CText? {
  guard let net = try? object(net, NetHandle.self) else { return nil }
  return try? net.lock.withLock { try json(LayerCost.multiplies(of: net.net)) }
}

@_cdecl("caffe_net_blob")
public func netBlob(_ net: Handle?, _ index: Int) -> Handle? {
  guard let net = try? object(net, NetHandle.self), net.net.blobs.indices.contains(index) else { return nil }
  return handle(BlobHandle(net.net.blobs[index], lock: net.lock, net: net))
}

@_cdecl("caffe_net_layer")
public func netLayer(_ net: Handle?, _ index: Int) -> Handle? {
  guard let net = try? object(net, NetHandle.self), net.net.layers.indices.contains(index) else { return nil }
  return handle(LayerHandle(net.net.layers[index], of: net))
}

/// How often the calling thread holds the net.
@_cdecl("caffe_net_held")
public func netHeld(_ net: Handle?) -> Int { (try? object(net, NetHandle.self))?.holdCount ?? 0 }

/// Takes the net for the calling thread alone, so that several calls see the same values; `caffe_net_let_go` gives it back.
@_cdecl("caffe_net_hold")
public func netHold(_ net: Handle?) -> CText? { attempt { try object(net, NetHandle.self).hold() } }

/// Gives the net back until the calling thread holds it only so often.
@_cdecl("caffe_net_let_go")
public func netLetGo(_ net: Handle?, _ count: Int) { (try? object(net, NetHandle.self))?.letGo(downTo: count) }

@_cdecl("caffe_net_forward")
public func netForward(_ net: Handle?, _ first: Int, _ last: Int, _ loss: UnsafeMutablePointer<Float>?) -> CText? {
  attempt {
    let net = try object(net, NetHandle.self)
    let loss = try required(loss, "the loss")
    loss.pointee = try net.lock.withLock { try net.forward(from: first, to: last) }
  }
}

@_cdecl("caffe_net_backward")
public func netBackward(_ net: Handle?, _ last: Int, _ first: Int) -> CText? {
  attempt {
    let net = try object(net, NetHandle.self)
    try net.lock.withLock { try net.backward(from: last, to: first) }
  }
}

@_cdecl("caffe_net_reshape")
public func netReshape(_ net: Handle?) -> CText? { changing(net) { try $0.reshape() } }

@_cdecl("caffe_net_clear_param_diffs")
public func netClearParamDiffs(_ net: Handle?) -> CText? { changing(net) { $0.net.clearParameterDiffs() } }

/// Does something that may read or change any blob of the net.
private func changing(_ net: Handle?, _ work: (NetHandle) throws -> Void) -> CText? {
  do throws(NetError) {
    let net = try object(net, NetHandle.self)
    return net.change { _ in try work(net) }
  } catch { return text("\(error)") }
}

// MARK: - Weights

/// Loads weights by layer name, from a binary file or HDF5. `counts` becomes how many layers took weights, kept theirs, and of the
/// file found no place.
@_cdecl("caffe_net_copy_from")
public func netCopyFrom(_ net: Handle?, _ path: CString?, _ counts: UnsafeMutablePointer<Int>?) -> CText? {
  changing(net) { note(try $0.net.copyWeights(fromFile: string(path, "the path")), counts) }
}

@_cdecl("caffe_net_load_hdf5")
public func netLoadHDF5(_ net: Handle?, _ path: CString?, _ counts: UnsafeMutablePointer<Int>?) -> CText? {
  changing(net) { note(try $0.net.copyWeights(fromHDF5: string(path, "the path")), counts) }
}

/// Loads weights from the bytes of a binary file.
@_cdecl("caffe_net_copy_from_bytes")
public func netCopyFromBytes(
  _ net: Handle?, _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ name: CString?, _ counts: UnsafeMutablePointer<Int>?
) -> CText? {
  changing(net) {
    let file = try string(name, "the name")
    let bytes = Data(try values(bytes, count, "bytes"))
    note(try $0.net.copyWeights(from: NetDefinition(binary: bytes, file: file).parameter), counts)
  }
}

private func note(_ report: Net.WeightReport, _ counts: UnsafeMutablePointer<Int>?) {
  guard let counts else { return }
  counts[0] = report.loaded.count
  counts[1] = report.kept.count
  counts[2] = report.unused.count
}

/// Uses another net's weights: one memory from now on. `counts` is as for `caffe_net_copy_from`.
@_cdecl("caffe_net_share_with")
public func netShareWith(_ net: Handle?, _ other: Handle?, _ counts: UnsafeMutablePointer<Int>?) -> CText? {
  attempt {
    let (net, other) = (try object(net, NetHandle.self), try object(other, NetHandle.self))
    try net.lock.merge(with: other.lock)
    try net.lock.withLock {
      for each in [net.net, other.net] { each.acceptWritesThroughViews() }
      defer { for each in [net.net, other.net] { each.updateViews() } }
      try net.net.shareWeights(with: other.net)
    }
    let theirs = Set(other.net.layers.filter { !$0.layer.parameters.isEmpty }.map(\.name))
    let ours = net.net.layers.filter { !$0.layer.parameters.isEmpty }.map(\.name)
    guard let counts else { return }
    counts[0] = ours.count { theirs.contains($0) }
    counts[1] = ours.count - counts[0]
    counts[2] = theirs.subtracting(ours).count
  }
}

/// Writes the net with its weights to a caffemodel file, or to HDF5.
@_cdecl("caffe_net_save")
public func netSave(_ net: Handle?, _ path: CString?, _ isHDF5: Bool) -> CText? {
  changing(net) { try $0.net.saveWeights(to: string(path, "the path"), asHDF5: isHDF5) }
}

// MARK: - Data

/// Lets the MemoryData layer that comes first read images and labels where they are: Python keeps them alive. They are handed out
/// from the first one on, or, as in a copy of a net, from where the layer stands.
@_cdecl("caffe_net_set_input_arrays")
public func netSetInputArrays(
  _ net: Handle?, _ data: UnsafePointer<Float>?, _ count: Int, _ labels: UnsafePointer<Float>?, _ labelCount: Int,
  _ resumes: Bool
) -> CText? {
  changing(net) {
    let layer = try memoryData(of: $0)
    try layer.setArrays(data: values(data, count, "values"), labels: values(labels, labelCount, "labels"))
    if resumes { layer.restore(seed: layer.seed, position: layer.position) }
  }
}

/// The extents that a MemoryData layer in first place hands out: batch size, channels, height, width.
@_cdecl("caffe_net_input_array_shape")
public func netInputArrayShape(_ net: Handle?, _ extents: UnsafeMutablePointer<Int>?) -> CText? {
  changing(net) {
    let layer = try memoryData(of: $0)
    let extents = try required(extents, "the extents")
    extents[0] = layer.batchSize
    extents[1] = layer.shape.channels
    extents[2] = layer.shape.height
    extents[3] = layer.shape.width
  }
}

private func memoryData(of net: NetHandle) throws(NetError) -> MemoryDataLayer {
  guard let layer = net.net.layers.first?.layer as? MemoryDataLayer else {
    throw NetError("set_input_arrays may only be called if the first layer is a MemoryDataLayer")
  }
  return layer
}

// MARK: - Hooks

/// Calls a function of Python's with its number and a layer's: 0 before and 1 after forward, 2 before and 3 after backward.
@_cdecl("caffe_net_add_hook")
public func netAddHook(
  _ net: Handle?, _ moment: CInt, _ number: Int, _ call: (@convention(c) (Int, Int) -> CInt)?
) -> CText? {
  changing(net) {
    let call = try required(call, "the function")
    let hook: (Int) throws -> Void = { layer in if call(number, layer) != 0 { throw RaisedInPython() } }
    let net = $0.net
    switch moment {
    case 0: net.beforeForward.append(hook)
    case 1: net.afterForward.append(hook)
    case 2: net.beforeBackward.append(hook)
    case 3: net.afterBackward.append(hook)
    default: throw NetError("there is no moment \(moment): it is 0 to 3")
    }
  }
}
