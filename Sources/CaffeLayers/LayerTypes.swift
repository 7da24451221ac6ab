public import CaffeCore

/// The layer types of this library; those that read databases and files are elsewhere.
public enum LayerTypes {
  /// Every layer type, in alphabetical order.
  public static var all: [any Layer.Type] {
    [
      AbsValLayer.self, AccuracyLayer.self, ArgMaxLayer.self, BNLLLayer.self, BatchNormLayer.self,
      BatchReindexLayer.self, BiasLayer.self, ClipLayer.self, ConcatLayer.self, ContrastiveLossLayer.self,
      ConvolutionLayer.self, CropLayer.self, DeconvolutionLayer.self, DropoutLayer.self, DummyDataLayer.self,
      ELULayer.self, EltwiseLayer.self, EmbedLayer.self, EuclideanLossLayer.self, ExpLayer.self,
      FilterLayer.self, FlattenLayer.self, HingeLossLayer.self, Im2colLayer.self, InfogainLossLayer.self,
      InnerProductLayer.self, InputLayer.self, LRNLayer.self, LSTMLayer.self, LSTMUnitLayer.self, LogLayer.self,
      MVNLayer.self, MultinomialLogisticLossLayer.self, PReLULayer.self, ParameterLayer.self, PoolingLayer.self,
      PowerLayer.self, RNNLayer.self, ReLULayer.self, ReductionLayer.self, ReshapeLayer.self, SPPLayer.self,
      ScaleLayer.self, SigmoidCrossEntropyLossLayer.self, SigmoidLayer.self, SilenceLayer.self, SliceLayer.self,
      SoftmaxLayer.self, SoftmaxWithLossLayer.self, SplitLayer.self, SwishLayer.self, TanHLayer.self,
      ThresholdLayer.self, TileLayer.self,
    ]
  }
}
