/// V1 data layers: `scale`, `mean_file`, `crop_size` and `mirror` move from the data message to `transform_param`.
extension NetUpgrade {
  mutating func moveTransformations() {
    var isMoved = false
    for index in net.layers.indices {
      switch net.layers[index].type {
      case .data: isMoved = net.layers[index].moveTransformation(from: \.dataParam) || isMoved
      case .imageData: isMoved = net.layers[index].moveTransformation(from: \.imageDataParam) || isMoved
      case .windowData: isMoved = net.layers[index].moveTransformation(from: \.windowDataParam) || isMoved
      default: break
      }
    }
    if isMoved {
      note(.info, "Upgraded \(source): scale, mean_file, crop_size and mirror of data layers are in transform_param.")
    }
  }
}

extension V1LayerParameter {
  /// True if there was anything to move.
  fileprivate mutating func moveTransformation<Data: HasTransformation>(
    from path: WritableKeyPath<V1LayerParameter, Data>
  ) -> Bool {
    let data = self[keyPath: path]
    guard data.hasScale || data.hasMeanFile || data.hasCropSize || data.hasMirror else { return false }
    if data.hasScale { transformParam.scale = data.scale }
    if data.hasMeanFile { transformParam.meanFile = data.meanFile }
    if data.hasCropSize { transformParam.cropSize = data.cropSize }
    if data.hasMirror { transformParam.mirror = data.mirror }
    self[keyPath: path].clearTransformation()
    return true
  }
}

/// The settings that three data messages shared with `TransformationParameter`.
private protocol HasTransformation {
  var scale: Float { get }
  var hasScale: Bool { get }
  var meanFile: String { get }
  var hasMeanFile: Bool { get }
  var cropSize: UInt32 { get }
  var hasCropSize: Bool { get }
  var mirror: Bool { get }
  var hasMirror: Bool { get }
  mutating func clearScale()
  mutating func clearMeanFile()
  mutating func clearCropSize()
  mutating func clearMirror()
}

extension HasTransformation {
  fileprivate mutating func clearTransformation() {
    clearScale()
    clearMeanFile()
    clearCropSize()
    clearMirror()
  }
}

extension DataParameter: HasTransformation {}
extension ImageDataParameter: HasTransformation {}
extension WindowDataParameter: HasTransformation {}
