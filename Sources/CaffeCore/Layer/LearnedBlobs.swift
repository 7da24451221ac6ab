public import CaffeProto

extension LayerDefinition {
  /// Makes one of the layer's learned blobs: from the `blobs` that the definition carries, or else filled anew.
  ///
  /// - Throws: `NetError` when the definition carries a blob of another shape, or the filler cannot fill this one.
  public func makeParameter(_ index: Int, _ shape: Shape, filler: FillerParameter, in context: LayerContext) throws
    -> Blob
  {
    let blob = Blob(shape)
    if blobs.isEmpty {
      try filler.fillLater(blob, from: Random(seed: context.seed, stream: UInt64(index)))
      return blob
    }
    guard index < blobs.count else {
      throw NetError("the layer carries \(blobs.count) blobs, but blob \(index) is needed")
    }
    let role = index == 0 ? "weight" : index == 1 ? "bias" : "parameter"
    guard blobs[index].hasShape(of: shape) else {
      throw NetError("Incorrect \(role) shape: expected shape \(shape); instead, shape was \(blobs[index].shapeText)")
    }
    try blob.load(blobs[index])
    return blob
  }
}
