import Caffe

/// How many learned blobs a layer has; -1 without a layer.
@_cdecl("caffe_layer_blob_count")
public func layerBlobCount(_ layer: Handle?) -> Int {
  (try? object(layer, LayerHandle.self))?.node.layer.parameters.count ?? -1
}

@_cdecl("caffe_layer_blob")
public func layerBlob(_ layer: Handle?, _ index: Int) -> Handle? {
  guard let layer = try? object(layer, LayerHandle.self), layer.node.layer.parameters.indices.contains(index) else {
    return nil
  }
  return handle(BlobHandle(layer.node.layer.parameters[index], lock: layer.net.lock, hasFixedSize: true))
}

/// The number under which Python knows its own layer; -1 for the layers of this library.
@_cdecl("caffe_layer_python_number")
public func layerPythonNumber(_ layer: Handle?) -> Int {
  ((try? object(layer, LayerHandle.self))?.node.layer as? PythonLayer)?.number ?? -1
}

@_cdecl("caffe_layer_reshape")
public func layerReshape(_ layer: Handle?) -> CText? {
  attempt {
    let layer = try object(layer, LayerHandle.self)
    try layer.net.lock.withLock {
      try layer.net.refuseInBackward()
      let node = layer.node
      let shapes = node.tops.map(\.shape)
      do { try node.layer.reshape(node.bottoms, node.tops) } catch { throw node.located(error) }
      if node.tops.map(\.shape) != shapes { try layer.net.noteReshape() }
    }
  }
}

/// The names of all layer types, with line feeds between them.
@_cdecl("caffe_layer_type_list")
public func layerTypeList() -> CText { text(Session.registry.names.joined(separator: "\n")) }
