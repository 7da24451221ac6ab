import Caffe

@_cdecl("caffe_layer_blob_count")
public func layerBlobCount(_ layer: Handle) -> Int { object(layer, LayerHandle.self).node.layer.parameters.count }

@_cdecl("caffe_layer_blob")
public func layerBlob(_ layer: Handle, _ index: Int) -> Handle {
  let layer = object(layer, LayerHandle.self)
  return handle(BlobHandle(layer.node.layer.parameters[index], lock: layer.net.lock))
}

/// The number under which Python knows its own layer; -1 for the layers of this library.
@_cdecl("caffe_layer_python_number")
public func layerPythonNumber(_ layer: Handle) -> Int {
  (object(layer, LayerHandle.self).node.layer as? PythonLayer)?.number ?? -1
}

@_cdecl("caffe_layer_reshape")
public func layerReshape(_ layer: Handle) -> CText? {
  let layer = object(layer, LayerHandle.self)
  return layer.net.attempt { _ in try layer.node.layer.reshape(layer.node.bottoms, layer.node.tops) }
}

/// The names of all layer types, with line feeds between them.
@_cdecl("caffe_layer_type_list")
public func layerTypeList() -> CText { text(Session.registry.names.joined(separator: "\n")) }
