public import CaffeCore
public import CaffeProto

/// Writes its bottoms to an HDF5 file: the datasets `data` and `label`, always with 4 axes.
///
/// The file is emptied at set-up. Each forward pass adds its batch behind those of earlier passes, along the first axis, and
/// leaves the file whole and closed.
///
/// | blob        | shape                                                  |
/// |-------------|--------------------------------------------------------|
/// | `bottom[0]` | data: N × …, at most 4 axes; missing ones count 1      |
/// | `bottom[1]` | label: N × …, at most 4 axes                           |
///
/// | parameter   | default  |
/// |-------------|----------|
/// | `file_name` | required |
///
/// - Note: Caffe itself fails at the second batch.
public final class HDF5OutputLayer: Layer {
  public static let type = "HDF5Output"
  public static let bottomCount = BlobCount.exactly(2)
  public static let topCount = BlobCount.exactly(0)

  private let path: String

  public init(_ definition: LayerDefinition, in context: LayerContext) throws {
    path = definition.hdf5OutputParam.fileName
    guard !path.isEmpty else {
      throw NetError("there is no file to write to", remedy: "set file_name in hdf5_output_param")
    }
  }

  public func setUp(_ bottom: [Blob], _ top: [Blob]) throws { try HDF5File(creating: path).close() }

  public func reshape(_ bottom: [Blob], _ top: [Blob]) throws {
    for (index, bottom) in bottom.enumerated() where bottom.shape.rank > 4 {
      throw NetError(
        "Cannot use legacy accessors on Blobs with > 4 axes. (bottom[\(index)] has \(bottom.shape.rank) axes)",
        remedy: "HDF5Output writes at most 4: merge axes with a Reshape layer before it")
    }
    let (data, labels) = (bottom[0].shape.legacy(0), bottom[1].shape.legacy(0))
    guard data == labels else {
      throw NetError("The data and label should have the same first dimension. (\(data) vs. \(labels))")
    }
  }

  public func forward(_ bottom: [Blob], _ top: [Blob]) throws {
    let file = try HDF5File(extending: path)
    for (name, blob) in zip(["data", "label"], bottom) {
      try file.root.append(blob.data.values, shape: (0..<4).map(blob.shape.legacy), to: name)
    }
    try file.close()
  }

  public func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    for (index, bottom) in bottom.enumerated() where propagate[index] { bottom.diff.setZero() }
  }
}
