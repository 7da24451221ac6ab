/// How a net that only infers runs its layers: some by one operation of the engine, and with memory only for values that are
/// still needed.
///
/// A plan never changes what a user can observe beyond rounding. A value that it left out or forgot is computed again when
/// somebody asks for it; from then on the plan keeps it.
final class ExecutionPlan {
  /// What runs, in order.
  let steps: [Step]
  /// Buffers whose values no step computes.
  let leftOut: [Buffer]
  /// What `Blob.structureChanges` was when the plan was made.
  let structure: Int
  /// Whether the layers can run once more for the same pass.
  let isRepeatable: Bool

  struct Step {
    var work: Work
    /// The last of the layers that the step runs, at whose place it stands.
    var layer: Int
    /// Buffers that no later step reads.
    var forgets: [Buffer] = []

    /// The layers that the step runs.
    var layers: [Int] {
      switch work {
      case .convolution(let convolution): convolution.layers
      case .items(let run): Array(run.layers)
      case .layer, .done: [layer]
      }
    }

    /// Whether nothing is left to do.
    var isIdle: Bool {
      guard case .done = work else { return false }
      return forgets.isEmpty
    }

    /// Whether the step makes a buffer's memory its own.
    func consumes(_ buffer: Buffer) -> Bool {
      guard case .convolution(let convolution) = work else { return false }
      return convolution.mayConsumeAddend && convolution.addendBuffer === buffer
    }
  }

  enum Work {
    /// A layer's own forward pass.
    case layer
    case convolution(ConvolutionStep)
    /// Several steps, for some items of the batch at a time.
    case items(ItemRun)
    /// Nothing is left to do: the layer's result is there.
    case done
  }

  init(steps: [Step], leftOut: [Buffer], structure: Int, isRepeatable: Bool) {
    self.steps = steps
    self.leftOut = leftOut
    self.structure = structure
    self.isRepeatable = isRepeatable
  }

  /// Whether the plan does more than to run one layer after the other.
  var joinsOrForgets: Bool {
    steps.contains { step in
      if case .layer = step.work { !step.forgets.isEmpty } else { true }
    }
  }

  /// Whether somebody holds a view of values that the plan leaves out or forgets.
  var hidesPinnedValues: Bool {
    leftOut.contains(where: \.isPinned) || steps.contains { $0.forgets.contains(where: \.isPinned) }
  }
}

/// A convolution and what follows it, as one step.
final class ConvolutionStep {
  let operation: any FusedConvolutionOperation
  /// The convolution and what follows it.
  private let ownLayers: [Int]
  /// The depthwise convolution before this one, and what computes both.
  private let depthwise: (step: ConvolutionStep, operation: any SeparableConvolutionOperation)?
  private let parameters: [Blob]
  private let scalings: [any ChannelScaling]
  private let source: Blob
  private let addend: Blob?
  private let addendSampling: Sampling?
  let destination: Blob
  private let slice: ChannelSlice?
  /// Whether the addend's memory may become the destination's.
  var mayConsumeAddend = false
  private let scale = Buffer()
  private let shift = Buffer()
  /// What the operation gets, as long as the blobs keep their memory.
  private var operandsOfOperation: FusedConvolutionOperands?
  /// What scale and shift are made from, and the versions from which they were.
  private let scaleSources: [Blob]
  private var versions: [Int] = []

  init(
    _ operation: any FusedConvolutionOperation, layers: [Int], parameters: [Blob], scalings: [any ChannelScaling],
    source: Blob, addend: Blob?, addendSampling: Sampling?, destination: Blob, slice: ChannelSlice?,
    after depthwise: (step: ConvolutionStep, operation: any SeparableConvolutionOperation)? = nil
  ) {
    self.operation = operation
    ownLayers = layers
    self.depthwise = depthwise
    self.parameters = parameters
    self.scalings = scalings
    scaleSources = parameters.dropFirst() + scalings.flatMap(\.parameters)
    self.source = source
    self.addend = addend
    self.addendSampling = addendSampling
    self.destination = destination
    self.slice = slice
  }

  /// The layers that the step covers.
  var layers: [Int] { (depthwise?.step.layers ?? []) + ownLayers }

  /// The convolution that makes the step's result.
  var layer: Int { ownLayers[0] }

  /// What computes.
  var kernel: String? { CaffeCore.kernel(of: depthwise?.operation ?? operation) }

  var addendBuffer: Buffer? { addend?.data }

  /// Blobs that the step reads and writes, of the net or of the plan's own.
  var operands: [Blob] { [depthwise?.step.source ?? source, destination] + (addend.map { [$0] } ?? []) }

  /// The addend's pixels that are wanted, out of a blob with all of them.
  struct Sampling {
    let operation: any PoolingOperation
    let source: Blob
  }

  func run() {
    if !scalings.isEmpty { composeScalings() }
    if let addend, let addendSampling {
      addendSampling.operation.forward(addendSampling.source.data, into: addend.data, mask: nil)
    }
    if let (step, both) = depthwise {
      if !step.scalings.isEmpty { step.composeScalings() }
      both.forward(depthwise: step.currentOperands(), pointwise: currentOperands())
    } else {
      operation.forward(currentOperands())
    }
  }

  private func currentOperands() -> FusedConvolutionOperands {
    let bias = scalings.isEmpty && parameters.count > 1 ? parameters[1] : nil
    if let operands = operandsOfOperation, operands.source === source.data, operands.destination === destination.data,
      operands.addend === addend?.data, operands.weights === parameters[0].data,
      operands.shift === (bias?.data ?? operands.shift), operands.mayConsumeAddend == mayConsumeAddend
    {
      return operands
    }
    let operands = FusedConvolutionOperands(
      source: source.data, weights: parameters[0].data, scale: scalings.isEmpty ? nil : scale,
      shift: scalings.isEmpty ? bias?.data : shift, addend: addend?.data, mayConsumeAddend: mayConsumeAddend,
      destination: destination.data, slice: slice)
    operandsOfOperation = operands
    return operands
  }

  /// One factor and one summand for each channel from all the layers that scale.
  private func composeScalings() {
    guard versions.isEmpty || zip(scaleSources, versions).contains(where: { $0.data.version != $1 }) else { return }
    versions = scaleSources.map(\.data.version)
    let channels = operation.description.convolution.outputs
    scale.resize(to: channels)
    shift.resize(to: channels)
    let (scale, shift) = (scale.uninitializedValues, shift.uninitializedValues)
    scale.update(repeating: 1)
    if parameters.count > 1 {
      _ = shift.update(from: parameters[1].data.values)
    } else {
      shift.update(repeating: 0)
    }
    for scaling in scalings { scaling.apply(toScale: scale, shift: shift) }
  }
}
