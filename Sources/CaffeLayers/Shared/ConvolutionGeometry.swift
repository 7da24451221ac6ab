internal import CaffeCore
internal import CaffeProto

/// What a ConvolutionParameter means for the bottoms of a layer: which axes are batch, channel and space.
struct ConvolutionGeometry {
  let window: SpatialWindow
  let outputs: Int
  let group: Int
  let channels: Int
  let channelAxis: Int
  private let rank: Int

  init(_ parameter: ConvolutionParameter, bottom: Shape) throws(NetError) {
    channelAxis = try bottom.axis(Int(parameter.axis))
    rank = bottom.rank
    channels = bottom[channelAxis]
    window = try SpatialWindow(parameter, axes: rank - channelAxis - 1)
    outputs = Int(parameter.numOutput)
    group = Int(parameter.group)
    guard outputs > 0 else {
      throw NetError("num_output > 0 does not hold", remedy: "set num_output in convolution_param")
    }
    guard group > 0, channels % group == 0 else {
      throw NetError(
        "channels % group == 0 does not hold: the \(channels) channels of the input cannot be divided into \(group) groups"
      )
    }
    guard outputs % group == 0 else {
      throw NetError("Number of output should be multiples of group. (\(outputs) outputs, \(group) groups)")
    }
  }

  /// The axes before the channels, which all count as batch, and the axes after them.
  func batch(of shape: Shape) -> [Int] { shape.axes(..<channelAxis) }
  func space(of shape: Shape) -> [Int] { shape.axes((channelAxis + 1)...) }

  /// Refuses bottoms that differ from each other or from those the parameters were made for.
  func check(_ bottoms: [Blob]) throws(NetError) {
    let first = bottoms[0].shape
    guard first.rank == rank else { throw NetError("bottom num_axes may not change.") }
    guard first[channelAxis] == channels else { throw NetError("Input size incompatible with convolution kernel.") }
    for (index, bottom) in bottoms.enumerated() where bottom.shape != first {
      throw NetError("shape mismatch - bottom[0]: \(first) vs. bottom[\(index)]: \(bottom.shape)")
    }
  }
}
