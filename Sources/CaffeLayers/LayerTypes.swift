public import CaffeCore

/// The layer types of this library; those that read databases and files are elsewhere.
public enum LayerTypes {
  /// Every layer type, in alphabetical order.
  public static var all: [any Layer.Type] {
    [
      AbsValLayer.self, AccuracyLayer.self, ArgMaxLayer.self, BNLLLayer.self, BatchNormLayer.self,
      BatchReindexLayer.self, BiasLayer.self, ClipLayer.self, ConcatLayer.self, ConvolutionLayer.self, CropLayer.self,
      DeconvolutionLayer.self, DropoutLayer.self, DummyDataLayer.self, ELULayer.self, EltwiseLayer.self,
      EmbedLayer.self, EuclideanLossLayer.self, ExpLayer.self, FilterLayer.self, FlattenLayer.self, Im2colLayer.self,
      InnerProductLayer.self, InputLayer.self, LRNLayer.self, LogLayer.self, MVNLayer.self, PReLULayer.self,
      ParameterLayer.self, PoolingLayer.self, PowerLayer.self, ReLULayer.self, ReductionLayer.self, ReshapeLayer.self,
      SPPLayer.self, ScaleLayer.self, SigmoidLayer.self, SilenceLayer.self, SliceLayer.self, SoftmaxLayer.self,
      SoftmaxWithLossLayer.self, SplitLayer.self, SwishLayer.self, TanHLayer.self, ThresholdLayer.self,
      TileLayer.self,
    ]
  }
}
