import Caffe
import CaffeDrawing
import FoundationEssentials

/// A net and the lock that threads take to work on it.
final class NetHandle {
  let net: Net
  let lock: SharedLock

  init(_ net: Net, lock: SharedLock = SharedLock()) {
    self.net = net
    self.lock = lock
  }

  /// Does something that takes the net for itself: a pass, which takes care of Python's arrays.
  func attempt(_ work: (Net) throws -> Void) -> CText? {
    lock.withLock { CaffePython.attempt { try work(net) } }
  }

  /// Does something that may read or change any blob.
  func change(_ work: (Net) throws -> Void) -> CText? {
    attempt { net in
      net.acceptWritesThroughViews()
      defer { net.updateViews() }
      try work(net)
    }
  }
}

/// A layer of a net, which it keeps alive.
final class LayerHandle {
  let node: LayerNode
  let net: NetHandle

  init(_ node: LayerNode, of net: NetHandle) {
    self.node = node
    self.net = net
  }
}

/// Builds a net from a prototxt file, or from a text whose name is `path`, for a phase, a level and stages with line feeds
/// between them.
@_cdecl("caffe_net_create")
public func netCreate(
  _ path: CString, _ definition: CString?, _ phase: CInt, _ level: CInt, _ stages: CString,
  _ result: UnsafeMutablePointer<Handle?>
) -> CText? {
  attempt {
    let path = String(cString: path)
    let source =
      try definition.map { try NetDefinition(text: String(cString: $0), file: path) } ?? NetDefinition(contentsOf: path)
    guard let phase = Phase(rawValue: Int(phase)) else {
      throw NetError("the phase is \(phase), but it must be caffe.TRAIN (0) or caffe.TEST (1)")
    }
    let stages = String(cString: stages).split(separator: "\n").map(String.init)
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
public func netDescribe(_ net: Handle) -> CText? {
  let net = object(net, NetHandle.self).net
  var lossWeights = [Float](repeating: 0, count: net.blobs.count)
  for node in net.layers {
    for (top, weight) in zip(node.topIndices, node.lossWeights) where weight != 0 { lossWeights[top] = weight }
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
public func netMultiplies(_ net: Handle) -> CText? {
  let net = object(net, NetHandle.self)
  return net.lock.withLock { try? json(LayerCost.multiplies(of: net.net)) }
}

@_cdecl("caffe_net_blob")
public func netBlob(_ net: Handle, _ index: Int) -> Handle {
  let net = object(net, NetHandle.self)
  return handle(BlobHandle(net.net.blobs[index], lock: net.lock))
}

@_cdecl("caffe_net_layer")
public func netLayer(_ net: Handle, _ index: Int) -> Handle {
  let net = object(net, NetHandle.self)
  return handle(LayerHandle(net.net.layers[index], of: net))
}

@_cdecl("caffe_net_forward")
public func netForward(_ net: Handle, _ first: Int, _ last: Int, _ loss: UnsafeMutablePointer<Float>) -> CText? {
  object(net, NetHandle.self).attempt { loss.pointee = try $0.forward(from: first, to: last) }
}

@_cdecl("caffe_net_backward")
public func netBackward(_ net: Handle, _ last: Int, _ first: Int) -> CText? {
  object(net, NetHandle.self).attempt { try $0.backward(from: last, to: first) }
}

@_cdecl("caffe_net_reshape")
public func netReshape(_ net: Handle) -> CText? { object(net, NetHandle.self).change { try $0.reshape() } }

@_cdecl("caffe_net_clear_param_diffs")
public func netClearParamDiffs(_ net: Handle) -> CText? {
  object(net, NetHandle.self).change { $0.clearParameterDiffs() }
}

/// Loads weights by layer name, from a binary file or HDF5.
@_cdecl("caffe_net_copy_from")
public func netCopyFrom(_ net: Handle, _ path: CString) -> CText? {
  object(net, NetHandle.self).change { try $0.copyWeights(fromFile: String(cString: path)) }
}

@_cdecl("caffe_net_load_hdf5")
public func netLoadHDF5(_ net: Handle, _ path: CString) -> CText? {
  object(net, NetHandle.self).change { try $0.copyWeights(fromHDF5: String(cString: path)) }
}

/// Loads weights from the bytes of a binary file.
@_cdecl("caffe_net_copy_from_bytes")
public func netCopyFromBytes(_ net: Handle, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ name: CString) -> CText? {
  object(net, NetHandle.self).change {
    let file = String(cString: name)
    let bytes = Data(UnsafeBufferPointer(start: bytes, count: count))
    try $0.copyWeights(from: NetDefinition(binary: bytes, file: file).parameter)
  }
}

@_cdecl("caffe_net_share_with")
public func netShareWith(_ net: Handle, _ other: Handle) -> CText? {
  let (net, other) = (object(net, NetHandle.self), object(other, NetHandle.self))
  net.lock.merge(with: other.lock)
  return net.change { try $0.shareWeights(with: other.net) }
}

/// Writes the net with its weights to a caffemodel file, or to HDF5.
@_cdecl("caffe_net_save")
public func netSave(_ net: Handle, _ path: CString, _ isHDF5: Bool) -> CText? {
  object(net, NetHandle.self).change { try $0.saveWeights(to: String(cString: path), asHDF5: isHDF5) }
}

/// Lets the MemoryData layer that comes first read images and labels where they are: Python keeps them alive.
@_cdecl("caffe_net_set_input_arrays")
public func netSetInputArrays(
  _ net: Handle, _ data: UnsafePointer<Float>, _ count: Int, _ labels: UnsafePointer<Float>, _ labelCount: Int
) -> CText? {
  object(net, NetHandle.self).attempt {
    guard let layer = $0.layers.first?.layer as? MemoryDataLayer else {
      throw NetError("set_input_arrays may only be called if the first layer is a MemoryDataLayer")
    }
    try layer.setArrays(
      data: UnsafeBufferPointer(start: data, count: count),
      labels: UnsafeBufferPointer(start: labels, count: labelCount))
  }
}

/// The extents that a MemoryData layer in first place hands out: batch size, channels, height, width.
@_cdecl("caffe_net_input_array_shape")
public func netInputArrayShape(_ net: Handle, _ extents: UnsafeMutablePointer<Int>) -> CText? {
  object(net, NetHandle.self).attempt {
    guard let layer = $0.layers.first?.layer as? MemoryDataLayer else {
      throw NetError("set_input_arrays may only be called if the first layer is a MemoryDataLayer")
    }
    extents[0] = layer.batchSize
    extents[1] = layer.shape.channels
    extents[2] = layer.shape.height
    extents[3] = layer.shape.width
  }
}

/// Calls a function of Python's with its number and a layer's: 0 before and 1 after forward, 2 before and 3 after backward.
@_cdecl("caffe_net_add_hook")
public func netAddHook(_ net: Handle, _ moment: CInt, _ number: Int, _ call: @convention(c) (Int, Int) -> CInt)
  -> CText?
{
  let hook: (Int) throws -> Void = { layer in if call(number, layer) != 0 { throw RaisedInPython() } }
  return object(net, NetHandle.self).attempt {
    switch moment {
    case 0: $0.beforeForward.append(hook)
    case 1: $0.afterForward.append(hook)
    case 2: $0.beforeBackward.append(hook)
    default: $0.afterBackward.append(hook)
    }
  }
}

/// A Python function raised an exception, which Python keeps for its caller.
struct RaisedInPython: Error, CustomStringConvertible {
  var description: String { "a Python function raised an exception" }
}
