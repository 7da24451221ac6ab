import Caffe
import CaffeTesting
import Foundation

/// The golden files of the package.
enum GoldenFiles {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Fixtures/golden").standardizedFileURL

  /// The names of the files with this ending in a subfolder, without the ending.
  static func names(in subfolder: String, ending: String = ".h5") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: subfolder).path)
      .filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }.sorted()
  }

  static func file(_ name: String, in subfolder: String) -> URL { folder.appending(path: "\(subfolder)/\(name).h5") }

  /// Whether all of these layer types are there to be tested.
  static func isBuilt(_ types: [String]) -> Bool { notYetBuilt.isDisjoint(with: types) }
}

/// The types of the original that the package lacks so far. A type that is built must leave this list: a test sees to it.
let notYetBuilt: Set<String> = []

/// Every layer type of the original, except Python, which comes with the Python package.
let typesOfTheOriginal = """
  AbsVal Accuracy ArgMax BNLL BatchNorm BatchReindex Bias Clip Concat ContrastiveLoss Convolution Crop Data Deconvolution \
  Dropout DummyData ELU Eltwise Embed EuclideanLoss Exp Filter Flatten HDF5Data HDF5Output HingeLoss Im2col ImageData \
  InfogainLoss InnerProduct Input LRN LSTM LSTMUnit Log MVN MemoryData MultinomialLogisticLoss PReLU Parameter Pooling Power \
  RNN ReLU Reduction Reshape SPP Scale Sigmoid SigmoidCrossEntropyLoss Silence Slice Softmax SoftmaxWithLoss Split Swish TanH \
  Threshold Tile WindowData
  """.split(separator: " ").map(String.init)
