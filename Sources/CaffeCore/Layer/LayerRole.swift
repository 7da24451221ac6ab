/// What a layer computes in inference, as far as an execution plan may join it with its neighbours.
public enum LayerRole {
  /// top[0] = parameters[0] ⋆ bottom[0] + parameters[1]; the second parameter is absent without a bias.
  case convolution(ConvolutionDescription)
  /// top[0] = scale[c] · bottom[0] + shift[c], for each channel c.
  case channelScale(any ChannelScaling)
  /// top[0] = x > 0 ? x : slope · x
  case rectifier(slope: Float)
  /// top[0] = bottom[0] + bottom[1]
  case sum
  /// top[0] is the bottoms, one behind the other along axis 1.
  case join
  /// Something else that makes each item (index of axis 0) of the tops from the same item of the bottoms.
  case itemwise
  case other
}

/// A layer that scales and shifts each channel, as BatchNorm and Scale do in inference.
public protocol ChannelScaling: Layer {
  /// Applies the layer to y = scale[c] · x + shift[c], for all channels: the numbers become those of the layer's result.
  func apply(toScale scale: UnsafeMutableBufferPointer<Float>, shift: UnsafeMutableBufferPointer<Float>)
}
