/// V0 → V1: each layer's settings move from one flat message to the message of its type.
///
/// `padding` layers become the `pad` of the convolution or pooling that reads them. A setting that the layer's type
/// does not have is left out with a notice.
extension NetUpgrade {
  mutating func upgradeV0() throws(UpgradeError) {
    guard net.layers.contains(where: \.hasLayer) else { return }
    try foldPadding()
    var hasProblems = false
    for index in net.layers.indices where net.layers[index].hasLayer {
      let old = net.layers[index].layer
      guard let type = V0Layer.types[old.type] else {
        throw failure(.unknownV0Type(old.type, layer: old.name), layer: index)
      }
      var layer = V0Layer(old)
      layer.upgrade()
      layer.new.bottom = net.layers[index].bottom
      layer.new.top = net.layers[index].top
      if old.hasType { layer.new.type = type }
      net.layers[index] = layer.new
      for field in layer.misplaced {
        note(.error, "Unknown parameter \(field) for layer type \(old.type)")
        hasProblems = true
      }
    }
    if hasProblems {
      note(
        .error,
        "Warning: had one or more problems upgrading V0NetParameter to NetParameter (see above); continuing anyway.")
    } else {
      note(.info, "Upgraded \(source) from the V0 format.")
    }
  }

  private mutating func foldPadding() throws(UpgradeError) {
    var kept: [V1LayerParameter] = []
    var keptLocations: [SourceLocation?] = []
    var padding: [String: V1LayerParameter] = [:]  // the padding layer that last wrote a blob
    for index in net.layers.indices {
      var layer = net.layers[index]
      for (position, bottom) in layer.bottom.enumerated() {
        guard let source = padding[bottom] else { continue }
        guard ["conv", "pool"].contains(layer.layer.type), layer.bottom.count == 1, source.bottom.count == 1 else {
          throw failure(.misplacedPadding(layer: layer.layer.name, type: layer.layer.type), layer: index)
        }
        layer.layer.pad = source.layer.pad
        layer.bottom[position] = source.bottom[0]
      }
      let isPadding = layer.layer.type == "padding"
      for top in layer.top { padding[top] = isPadding ? layer : nil }
      if !isPadding {
        kept.append(layer)
        keptLocations.append(locations[index])
      }
    }
    net.layers = kept
    locations = keptLocations
  }
}

/// One layer on its way from V0 to V1.
private struct V0Layer {
  let old: V0LayerParameter
  var new = V1LayerParameter()
  /// Settings that are present although the layer's type does not have them.
  var misplaced: [String] = []

  init(_ old: V0LayerParameter) { self.old = old }

  static let types: [String: V1LayerParameter.LayerType] = [
    "": .none, "accuracy": .accuracy, "bnll": .bnll, "concat": .concat, "conv": .convolution, "data": .data,
    "dropout": .dropout, "euclidean_loss": .euclideanLoss, "flatten": .flatten, "hdf5_data": .hdf5Data,
    "hdf5_output": .hdf5Output, "im2col": .im2Col, "images": .imageData, "infogain_loss": .infogainLoss,
    "innerproduct": .innerProduct, "lrn": .lrn, "multinomial_logistic_loss": .multinomialLogisticLoss,
    "pool": .pooling, "relu": .relu, "sigmoid": .sigmoid, "softmax": .softmax, "softmax_loss": .softmaxLoss,
    "split": .split, "tanh": .tanh, "window_data": .windowData,
  ]

  mutating func upgrade() {
    if old.hasName { new.name = old.name }
    new.blobs = old.blobs
    new.blobsLr = old.blobsLr
    new.weightDecay = old.weightDecay
    upgradeTransformation()
    upgradeFilters()
    upgradeSources()
    move("dropout_ratio", old.hasDropoutRatio ? old.dropoutRatio : nil, ["dropout": \.dropoutParam.dropoutRatio])
    move("local_size", old.hasLocalSize ? old.localSize : nil, ["lrn": \.lrnParam.localSize])
    move("alpha", old.hasAlpha ? old.alpha : nil, ["lrn": \.lrnParam.alpha])
    move("beta", old.hasBeta ? old.beta : nil, ["lrn": \.lrnParam.beta])
    move("k", old.hasK ? old.k : nil, ["lrn": \.lrnParam.k])
    move("concat_dim", old.hasConcatDim ? old.concatDim : nil, ["concat": \.concatParam.concatDim])
    move(
      "hdf5_output_param", old.hasHdf5OutputParam ? old.hdf5OutputParam : nil, ["hdf5_output": \.hdf5OutputParam])
  }

  /// Whatever the type, as in the original.
  private mutating func upgradeTransformation() {
    if old.hasScale { new.transformParam.scale = old.scale }
    if old.hasMeanfile { new.transformParam.meanFile = old.meanfile }
    if old.hasCropsize { new.transformParam.cropSize = old.cropsize }
    if old.hasMirror { new.transformParam.mirror = old.mirror }
  }

  private mutating func upgradeFilters() {
    move(
      "num_output", old.hasNumOutput ? old.numOutput : nil,
      ["conv": \.convolutionParam.numOutput, "innerproduct": \.innerProductParam.numOutput])
    move(
      "biasterm", old.hasBiasterm ? old.biasterm : nil,
      ["conv": \.convolutionParam.biasTerm, "innerproduct": \.innerProductParam.biasTerm])
    move(
      "weight_filler", old.hasWeightFiller ? old.weightFiller : nil,
      ["conv": \.convolutionParam.weightFiller, "innerproduct": \.innerProductParam.weightFiller])
    move(
      "bias_filler", old.hasBiasFiller ? old.biasFiller : nil,
      ["conv": \.convolutionParam.biasFiller, "innerproduct": \.innerProductParam.biasFiller])
    window("pad", old.hasPad ? old.pad : nil, \.convolutionParam.pad, \.poolingParam.pad)
    window(
      "kernelsize", old.hasKernelsize ? old.kernelsize : nil, \.convolutionParam.kernelSize, \.poolingParam.kernelSize)
    move("group", old.hasGroup ? old.group : nil, ["conv": \.convolutionParam.group])
    window("stride", old.hasStride ? old.stride : nil, \.convolutionParam.stride, \.poolingParam.stride)
    let methods: [V0LayerParameter.PoolMethod: PoolingParameter.PoolMethod] = [
      .max: .max, .ave: .ave, .stochastic: .stochastic,
    ]
    move("pool", old.hasPool ? methods[old.pool] : nil, ["pool": \.poolingParam.pool])
  }

  private mutating func upgradeSources() {
    move(
      "source", old.hasSource ? old.source : nil,
      [
        "data": \.dataParam.source, "hdf5_data": \.hdf5DataParam.source, "images": \.imageDataParam.source,
        "window_data": \.windowDataParam.source, "infogain_loss": \.infogainLossParam.source,
      ])
    move(
      "batchsize", old.hasBatchsize ? old.batchsize : nil,
      [
        "data": \.dataParam.batchSize, "hdf5_data": \.hdf5DataParam.batchSize, "images": \.imageDataParam.batchSize,
        "window_data": \.windowDataParam.batchSize,
      ])
    move(
      "rand_skip", old.hasRandSkip ? old.randSkip : nil,
      ["data": \.dataParam.randSkip, "images": \.imageDataParam.randSkip])
    move("shuffle_images", old.hasShuffleImages ? old.shuffleImages : nil, ["images": \.imageDataParam.shuffle])
    move("new_height", old.hasNewHeight ? UInt32(clamping: old.newHeight) : nil, ["images": \.imageDataParam.newHeight])
    move("new_width", old.hasNewWidth ? UInt32(clamping: old.newWidth) : nil, ["images": \.imageDataParam.newWidth])
    let windows = "window_data"
    move(
      "det_fg_threshold", old.hasDetFgThreshold ? old.detFgThreshold : nil, [windows: \.windowDataParam.fgThreshold])
    move(
      "det_bg_threshold", old.hasDetBgThreshold ? old.detBgThreshold : nil, [windows: \.windowDataParam.bgThreshold])
    move("det_fg_fraction", old.hasDetFgFraction ? old.detFgFraction : nil, [windows: \.windowDataParam.fgFraction])
    move("det_context_pad", old.hasDetContextPad ? old.detContextPad : nil, [windows: \.windowDataParam.contextPad])
    move("det_crop_mode", old.hasDetCropMode ? old.detCropMode : nil, [windows: \.windowDataParam.cropMode])
  }

  /// Moves a setting to where the layer's type has it.
  private mutating func move<Value>(
    _ name: String, _ value: Value?, _ destinations: [String: WritableKeyPath<V1LayerParameter, Value>]
  ) {
    guard let value else { return }
    if let destination = destinations[old.type] {
      new[keyPath: destination] = value
    } else {
      misplaced.append(name)
    }
  }

  /// Moves a setting that convolutions have once for each axis and poolings once.
  private mutating func window(
    _ name: String, _ value: UInt32?, _ convolution: WritableKeyPath<V1LayerParameter, [UInt32]>,
    _ pooling: WritableKeyPath<V1LayerParameter, UInt32>
  ) {
    if old.type == "conv" {
      move(name, value.map { [$0] }, ["conv": convolution])
    } else {
      move(name, value, ["pool": pooling])
    }
  }
}
