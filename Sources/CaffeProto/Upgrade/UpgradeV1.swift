/// V1 → V2: types become strings, and the parallel lists of parameter settings become one `param` each.
extension NetUpgrade {
  mutating func upgradeV1() {
    guard !net.layers.isEmpty else { return }
    net.layer = net.layers.map(LayerParameter.init(upgrading:))
    net.layers = []
    note(.info, "Upgraded \(source) from the V1 format.")
  }
}

extension V1LayerParameter.LayerType {
  /// The type as the newest format writes it.
  var name: String {
    switch self {
    case .none: ""
    case .absval: "AbsVal"
    case .accuracy: "Accuracy"
    case .argmax: "ArgMax"
    case .bnll: "BNLL"
    case .concat: "Concat"
    case .contrastiveLoss: "ContrastiveLoss"
    case .convolution: "Convolution"
    case .data: "Data"
    case .deconvolution: "Deconvolution"
    case .dropout: "Dropout"
    case .dummyData: "DummyData"
    case .euclideanLoss: "EuclideanLoss"
    case .eltwise: "Eltwise"
    case .exp: "Exp"
    case .flatten: "Flatten"
    case .hdf5Data: "HDF5Data"
    case .hdf5Output: "HDF5Output"
    case .hingeLoss: "HingeLoss"
    case .im2Col: "Im2col"
    case .imageData: "ImageData"
    case .infogainLoss: "InfogainLoss"
    case .innerProduct: "InnerProduct"
    case .lrn: "LRN"
    case .memoryData: "MemoryData"
    case .multinomialLogisticLoss: "MultinomialLogisticLoss"
    case .mvn: "MVN"
    case .pooling: "Pooling"
    case .power: "Power"
    case .relu: "ReLU"
    case .sigmoid: "Sigmoid"
    case .sigmoidCrossEntropyLoss: "SigmoidCrossEntropyLoss"
    case .silence: "Silence"
    case .softmax: "Softmax"
    case .softmaxLoss: "SoftmaxWithLoss"
    case .split: "Split"
    case .slice: "Slice"
    case .tanh: "TanH"
    case .windowData: "WindowData"
    case .threshold: "Threshold"
    }
  }
}

extension LayerParameter {
  fileprivate init(upgrading old: V1LayerParameter) {
    self.init()
    bottom = old.bottom
    top = old.top
    if old.hasName { name = old.name }
    include = old.include
    exclude = old.exclude
    if old.hasType { type = old.type.name }
    blobs = old.blobs
    lossWeight = old.lossWeight
    upgradeParams(of: old)
    copySettings(of: old)
  }

  private mutating func upgradeParams(of old: V1LayerParameter) {
    let count = max(old.param.count, old.blobShareMode.count, old.blobsLr.count, old.weightDecay.count)
    param = Array(repeating: ParamSpec(), count: count)
    for (index, name) in old.param.enumerated() { param[index].name = name }
    for (index, mode) in old.blobShareMode.enumerated() {
      param[index].shareMode = mode == .strict ? .strict : .permissive
    }
    for (index, factor) in old.blobsLr.enumerated() { param[index].lrMult = factor }
    for (index, factor) in old.weightDecay.enumerated() { param[index].decayMult = factor }
  }

  private mutating func copySettings(of old: V1LayerParameter) {
    if old.hasAccuracyParam { accuracyParam = old.accuracyParam }
    if old.hasArgmaxParam { argmaxParam = old.argmaxParam }
    if old.hasConcatParam { concatParam = old.concatParam }
    if old.hasContrastiveLossParam { contrastiveLossParam = old.contrastiveLossParam }
    if old.hasConvolutionParam { convolutionParam = old.convolutionParam }
    if old.hasDataParam { dataParam = old.dataParam }
    if old.hasDropoutParam { dropoutParam = old.dropoutParam }
    if old.hasDummyDataParam { dummyDataParam = old.dummyDataParam }
    if old.hasEltwiseParam { eltwiseParam = old.eltwiseParam }
    if old.hasExpParam { expParam = old.expParam }
    if old.hasHdf5DataParam { hdf5DataParam = old.hdf5DataParam }
    if old.hasHdf5OutputParam { hdf5OutputParam = old.hdf5OutputParam }
    if old.hasHingeLossParam { hingeLossParam = old.hingeLossParam }
    if old.hasImageDataParam { imageDataParam = old.imageDataParam }
    if old.hasInfogainLossParam { infogainLossParam = old.infogainLossParam }
    if old.hasInnerProductParam { innerProductParam = old.innerProductParam }
    if old.hasLossParam { lossParam = old.lossParam }
    if old.hasLrnParam { lrnParam = old.lrnParam }
    if old.hasMemoryDataParam { memoryDataParam = old.memoryDataParam }
    if old.hasMvnParam { mvnParam = old.mvnParam }
    if old.hasPoolingParam { poolingParam = old.poolingParam }
    if old.hasPowerParam { powerParam = old.powerParam }
    if old.hasReluParam { reluParam = old.reluParam }
    if old.hasSigmoidParam { sigmoidParam = old.sigmoidParam }
    if old.hasSliceParam { sliceParam = old.sliceParam }
    if old.hasSoftmaxParam { softmaxParam = old.softmaxParam }
    if old.hasTanhParam { tanhParam = old.tanhParam }
    if old.hasThresholdParam { thresholdParam = old.thresholdParam }
    if old.hasTransformParam { transformParam = old.transformParam }
    if old.hasWindowDataParam { windowDataParam = old.windowDataParam }
  }
}
