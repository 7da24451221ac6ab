import Caffe
import CaffeTesting
import Foundation
import Testing

/// What holds for each layer type, whatever it computes. The tests of a type look closer, at more settings.
@Suite struct `Every layer type` {
  @Test(arguments: LayerRegistry.standard.names, EngineChoice.allCases)
  func `keeps the contract of every layer`(type: String, engine: EngineChoice) throws {
    let specimen = try #require(Specimen.all[type], "\(type) has no specimen: give it one in EveryLayerTypeTests.swift")
    let file = temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: file) }
    var contract = LayerContract(try specimen.trial(type, writing: file))
    if let batch = specimen.batchBottoms { contract.batchBottoms = batch }
    try contract.check(on: engine)
  }

  @Test(arguments: LayerRegistry.standard.names, EngineChoice.allCases)
  func `has the gradients that small steps show`(type: String, engine: EngineChoice) throws {
    let specimen = try #require(Specimen.all[type], "\(type) has no specimen: give it one in EveryLayerTypeTests.swift")
    let file = temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: file) }
    var check = GradientCheck(try specimen.trial(type, writing: file))
    check.kink = specimen.kink
    check.kinkRange = 0.02
    check.tolerance = specimen.tolerance
    if specimen.hasStatistics { check.parameters = [] }
    try check.check(on: engine)
  }

  private func temporaryFile() -> String {
    FileManager.default.temporaryDirectory.appending(path: "every-layer-\(UUID().uuidString)").path
  }
}

/// A layer of a type, and what to feed it.
private struct Specimen: Sendable {
  var settings = ""
  var tops = 1
  var bottoms: [TrialBottom]
  /// The bottoms whose first axis is the batch; nil for all.
  var batchBottoms: [Int]?
  /// The bottoms that have a gradient; nil for those to which `force_backward` may go.
  var differentiable: [Int]?
  /// The magnitude at which the function has a kink.
  var kink: Float = 0
  var tolerance: Float = 3e-3
  /// Whether the learned blobs are statistics, which have no gradient.
  var hasStatistics = false

  init(
    _ settings: String = "", tops: Int = 1, on bottoms: [TrialBottom], batchBottoms: [Int]? = nil,
    differentiable: [Int]? = nil, kink: Float = 0, tolerance: Float = 3e-3, hasStatistics: Bool = false
  ) {
    self.settings = settings
    self.tops = tops
    self.bottoms = bottoms
    self.batchBottoms = batchBottoms
    self.differentiable = differentiable
    self.kink = kink
    self.tolerance = tolerance
    self.hasStatistics = hasStatistics
  }

  /// - Parameter file: a file that the layer may write, or for the list of files that it reads.
  func trial(_ type: String, writing file: String) throws -> LayerTrial {
    let tops = (0..<tops).map { "top: 'y\($0)'" }.joined(separator: " ")
    if settings.contains("LIST") {
      let path = packageFolder.appending(path: "Tests/Fixtures/data/hdf5_0.h5in").path
      try path.write(toFile: file, atomically: true, encoding: .utf8)
    }
    let settings = settings.replacing("FILE", with: file).replacing("LIST", with: file)
      .replacing("FIXTURES", with: packageFolder.appending(path: "Tests/Fixtures/data").path)
    var trial = LayerTrial(
      try LayerDefinition(prototxt: "name: 'specimen' type: '\(type)' \(tops) \(settings)"), bottoms: bottoms)
    trial.differentiableBottoms = differentiable
    return trial
  }

  private static let weights = "weight_filler { type: 'gaussian' } bias_filler { type: 'gaussian' }"
  private static let recurrent = """
    recurrent_param { num_output: 3 weight_filler { type: 'uniform' min: -1 } bias_filler { type: 'uniform' min: -1 } }
    """
  /// All different, so that no step changes which is the largest.
  private static let distinct = TrialBottom([2, 2, 5, 5]) { count, _ in
    (0..<count).map { Float(($0 * 37) % 101) / 10 - 5 }
  }
  private static let plain = Specimen(on: [[2, 3, 4]])

  /// One for each type. Unless a row says otherwise, each bottom has a batch as its first axis.
  static let all: [String: Specimen] = [
    "AbsVal": plain,
    "Accuracy": Specimen(tops: 2, on: [[4, 5], .labels([4], below: 5)], differentiable: []),
    "ArgMax": Specimen("argmax_param { top_k: 2 }", on: [[4, 5]], differentiable: []),
    "BNLL": plain,
    "BatchNorm": Specimen(on: [[4, 3, 2, 3]], tolerance: 5e-3, hasStatistics: true),
    "BatchReindex": Specimen(on: [[3, 2], .values([5], [2, 0, 2, 1, 1])], batchBottoms: [1]),
    "Bias": Specimen("bias_param { filler { type: 'gaussian' } }", on: [[2, 3, 4]]),
    "Clip": Specimen("clip_param { min: -0.5 max: 0.5 }", on: [[2, 3, 4]], kink: 0.5),
    "Concat": Specimen(on: [[2, 3, 2], [2, 1, 2]]),
    "ContrastiveLoss": Specimen(
      "contrastive_loss_param { margin: 4 }", on: [[4, 3], [4, 3], .values([4], [1, 0])], differentiable: [0, 1]),
    "Convolution": Specimen(
      "convolution_param { num_output: 3 kernel_size: 3 pad: 1 \(weights) }", on: [[2, 2, 4, 5]]),
    "Crop": Specimen("crop_param { offset: 1 }", on: [[2, 3, 4, 5], [2, 2, 3, 3]], differentiable: [0]),
    "Data": Specimen("data_param { source: 'FIXTURES/lmdb_same' batch_size: 3 }", tops: 2, on: []),
    "Deconvolution": Specimen(
      "convolution_param { num_output: 3 kernel_size: 3 stride: 2 \(weights) }", on: [[2, 2, 3, 2]]),
    "Dropout": Specimen(on: [[4, 5]]),
    "DummyData": Specimen("dummy_data_param { shape { dim: 3 } data_filler { type: 'gaussian' } }", tops: 2, on: []),
    "ELU": plain,
    "Eltwise": Specimen("eltwise_param { coeff: 2 coeff: -1 coeff: 0.5 }", on: [[2, 3, 2], [2, 3, 2], [2, 3, 2]]),
    "Embed": Specimen(
      "embed_param { num_output: 3 input_dim: 4 \(weights) }", on: [.labels([5], below: 4)], differentiable: []),
    "EuclideanLoss": Specimen(on: [[3, 4], [3, 4]]),
    "Exp": plain,
    "Filter": Specimen(tops: 2, on: [[4, 2], [4, 1, 3], .values([4], [1, 2])]),
    "Flatten": plain,
    "HDF5Data": Specimen("top: 'data' hdf5_data_param { source: 'LIST' batch_size: 2 }", tops: 0, on: []),
    "HDF5Output": Specimen("hdf5_output_param { file_name: 'FILE' }", tops: 0, on: [[3, 2], [3]], differentiable: []),
    "HingeLoss": Specimen("hinge_loss_param { norm: L2 }", on: [[4, 5], .labels([4], below: 5)], kink: 1),
    "Im2col": Specimen("convolution_param { kernel_size: 2 }", on: [[2, 2, 4, 5]]),
    "InfogainLoss": Specimen(
      on: [[4, 3], .labels([4], below: 3), .uniform([3, 3], 0, 1)], batchBottoms: [0, 1], differentiable: [0]),
    "InnerProduct": Specimen("inner_product_param { num_output: 5 \(weights) }", on: [[3, 2, 4]]),
    "Input": Specimen("input_param { shape { dim: 3 } }", tops: 2, on: []),
    "LRN": Specimen("lrn_param { alpha: 2 }", on: [[2, 7, 3, 3]]),
    "LSTM": Specimen(recurrent, on: [[4, 2, 3], .values([4, 2], [0, 0, 1, 1, 1, 0])], batchBottoms: []),
    "LSTMUnit": Specimen(tops: 2, on: [[1, 2, 3], [1, 2, 12], .values([1, 2], [0, 1])], batchBottoms: []),
    "Log": Specimen(on: [.uniform([2, 3, 4], 0.5, 3)]),
    "MVN": Specimen(on: [[2, 3, 3, 4]]),
    "MultinomialLogisticLoss": Specimen(on: [.uniform([4, 5], 0.5, 1), .labels([4], below: 5)]),
    "PReLU": plain,
    "Parameter": Specimen("parameter_param { shape { dim: 2 dim: 3 } }", on: []),
    "Pooling": Specimen("pooling_param { kernel_size: 3 stride: 2 }", on: [distinct]),
    "Power": Specimen("power_param { power: 2 scale: 0.5 shift: 3 }", on: [[2, 3, 4]]),
    "RNN": Specimen(recurrent, on: [[4, 2, 3], .values([4, 2], [0, 0, 1, 1, 1, 0])], batchBottoms: []),
    "ReLU": Specimen("relu_param { negative_slope: 0.1 }", on: [[2, 3, 4]]),
    "Reduction": Specimen("reduction_param { operation: SUMSQ axis: 1 }", on: [[2, 3, 4]]),
    "Reshape": Specimen("reshape_param { shape { dim: 0 dim: -1 } }", on: [[2, 3, 4]]),
    "SPP": Specimen("spp_param { pyramid_height: 2 }", on: [distinct]),
    "Scale": Specimen("scale_param { filler { type: 'gaussian' } bias_term: true }", on: [[2, 3, 4]]),
    "Sigmoid": plain,
    "SigmoidCrossEntropyLoss": Specimen(on: [[4, 5], .uniform([4, 5], 0, 1)]),
    "Silence": Specimen(tops: 0, on: [[2, 3], [2]]),
    "Slice": Specimen("slice_param { slice_point: 1 }", tops: 2, on: [[2, 4, 3]]),
    "Softmax": plain,
    "SoftmaxWithLoss": Specimen(on: [[3, 4, 2], .labels([3, 2], below: 4)]),
    "Split": Specimen(tops: 3, on: [[2, 3]]),
    "Swish": plain,
    "TanH": plain,
    "Threshold": Specimen(on: [[2, 3, 4]], differentiable: []),
    "Tile": Specimen("tile_param { tiles: 3 }", on: [[2, 3, 2]]),
  ]
}
