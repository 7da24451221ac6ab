public import CaffeCore

/// The layer types of this library; those that read databases and files are elsewhere.
public enum LayerTypes {
  /// Every layer type, in alphabetical order.
  public static var all: [any Layer.Type] {
    [
      AbsValLayer.self, AccuracyLayer.self, BatchNormLayer.self, BiasLayer.self, ConcatLayer.self,
      ContrastiveLossLayer.self, ConvolutionLayer.self, DropoutLayer.self, DummyDataLayer.self, ELULayer.self,
      EltwiseLayer.self, EuclideanLossLayer.self, FlattenLayer.self, HingeLossLayer.self, InfogainLossLayer.self,
      InnerProductLayer.self, InputLayer.self, LSTMLayer.self, LSTMUnitLayer.self, MultinomialLogisticLossLayer.self,
      ParameterLayer.self, PoolingLayer.self, PowerLayer.self, RNNLayer.self, ReLULayer.self, ReshapeLayer.self,
      ScaleLayer.self, SigmoidLayer.self, SigmoidCrossEntropyLossLayer.self, SilenceLayer.self, SliceLayer.self,
      SoftmaxLayer.self, SoftmaxWithLossLayer.self, SplitLayer.self, TanHLayer.self,
    ]
  }
}
