internal import CaffeCore

/// A product with learned weights, y = x · Wᵀ + b: one of several in a layer.
final class LearnedProduct {
  private let engine: any Engine
  private let weights: Blob
  private let bias: Blob?
  /// The number of the weights among the layer's parameters; the bias comes behind them.
  private let index: Int
  private let discarded = DiscardedGradient()
  private var operation: (any InnerProductOperation)?
  private var learning: (any InnerProductOperation)?

  init(_ weights: Blob, bias: Blob?, index: Int, engine: any Engine) {
    self.weights = weights
    self.bias = bias
    self.index = index
    self.engine = engine
  }

  /// Gets ready for this many rows of x, of which `learn` sees `learningRows` at once.
  func reshape(rows: Int, learningRows: Int? = nil) {
    var description = InnerProductDescription(
      rows: rows, inputs: weights.shape[1], outputs: weights.shape[0], hasBias: bias != nil)
    if operation?.description != description { operation = engine.innerProduct(description) }
    guard let learningRows, learningRows != rows else {
      learning = operation
      return
    }
    description.rows = learningRows
    if learning?.description != description { learning = engine.innerProduct(description) }
  }

  func forward(_ x: Buffer, into y: Buffer) {
    operation?.forward(x, weights: weights.data, bias: bias?.data, into: y)
  }

  func backward(_ dy: Buffer, into dx: Buffer) { operation?.backwardData(dy, weights: weights.data, into: dx) }

  /// Adds to those gradients of the parameters that are asked for.
  func learn(_ x: Buffer, _ dy: Buffer, propagate: Propagation) {
    guard propagate.parameters.contains(true) else { return }
    let weightsLearn = propagate.parameters[index]
    let biasLearns = bias != nil && propagate.parameters[index + 1]
    guard weightsLearn || biasLearns else { return }
    learning?.backwardParameters(
      x, dy, weights: discarded.unless(weightsLearn, weights), bias: biasLearns ? bias?.diff : nil)
  }
}
