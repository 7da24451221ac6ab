/// Leaves out pixels that nobody reads.
///
/// Where all that reads a value are convolutions of single pixels with a stride, as at the end of each stage of ResNet-50, the convolution
/// that makes it takes over the stride: it computes no pixel that they would skip. If that one sees single pixels as well, its own
/// source is treated alike.
extension PlanBuilder {
  /// To be called with all groups in the order of their convolutions, before results are placed in joins.
  mutating func leaveOutPixels(of groups: inout [ConvolutionGroup], _ operations: inout FusedOperations) {
    // The stride travels from readers to what they read.
    for index in groups.indices.reversed() {
      if let readers = readers(of: index, in: groups), readers.stride.contains(where: { $0 > 1 }) {
        compute(index, for: readers, in: &groups, &operations)
      }
    }
  }

  /// All that reads the result of a group.
  private struct Readers {
    /// Groups whose convolutions read it, and groups that add it.
    var convolving: [Int] = []
    var adding: [Int] = []
    /// The Split through which they do.
    var split: Int?
    /// How far the pixels that somebody reads are apart.
    var stride: [Int] = []
  }

  /// Nil if others read it too.
  private func readers(of index: Int, in groups: [ConvolutionGroup]) -> Readers? {
    let group = groups[index]
    guard mayLeaveOut(group.destination), let next = soleReader(of: group.destination, after: group.layers.last!) else {
      return nil
    }
    var readers = Readers(stride: group.operation.description.convolution.stride.map { _ in 0 })
    func note(_ stride: [Int]) { readers.stride = zip(readers.stride, stride).map(greatestCommonDivisor) }
    let node = net.layers[next]
    guard !node.weighsInLoss else { return nil }
    let isSplit = node.sharesMemory && node.tops.allSatisfy { $0.shape == node.bottoms[0].shape }
    if isSplit { readers.split = next }
    for blob in isSplit ? node.topIndices : [group.destination] {
      guard !isSplit || mayLeaveOut(blob), let layer = isSplit ? soleReader(of: blob, after: next) : next,
        runsByItems(layer) == runsByItems(group.layers[0])
      else { return nil }
      if let reader = groups.firstIndex(where: { $0.layers[0] == layer }) {
        let convolution = groups[reader].operation.description.convolution
        guard convolution.kernel.allSatisfy({ $0 == 1 }), convolution.pad.allSatisfy({ $0 == 0 }) else { return nil }
        readers.convolving.append(reader)
        note(convolution.stride)
      } else if let reader = groups.firstIndex(where: { $0.addend == blob && $0.layers.contains(layer) }) {
        guard let sampling = groups[reader].addendSampling else { return nil }
        readers.adding.append(reader)
        note(sampling.operation.description.stride)
      } else {
        return nil
      }
    }
    return readers
  }

  /// Lets a group compute only the pixels that its readers read.
  private mutating func compute(
    _ index: Int, for readers: Readers, in groups: inout [ConvolutionGroup], _ operations: inout FusedOperations
  ) {
    let stride = readers.stride
    let whole = groups[index].operation.description.convolution
    let output = zip(whole.output, stride).map { ($0 - 1) / $1 + 1 }
    guard groups[index].addend == nil || stride.count == 2 else { return }
    var changed: [(group: Int, operation: any FusedConvolutionOperation)] = []
    for group in [index] + readers.convolving {
      var description = groups[group].operation.description
      if group == index {
        description.convolution.stride = zip(whole.stride, stride).map(*)
        description.convolution.output = output
      } else {
        description.convolution.stride = zip(description.convolution.stride, stride).map(/)
        description.convolution.input = output
      }
      guard let operation = operations.operation(description, at: groups[group].layers[0], on: net.engine) else {
        return
      }
      changed.append((group, operation))
    }
    for (group, operation) in changed { groups[group].operation = operation }
    if let addend = groups[index].addend {
      sampleAddend(of: &groups[index], from: blob(addend, at: groups[index].layers[0]), every: stride)
    }
    let result = Blob(groups[index].operation.description.convolution.destination)
    groups[index].result = result
    groups[index].between.append(groups[index].destination)
    for reader in readers.convolving { groups[reader].source = result }
    for reader in readers.adding {
      let wanted = groups[reader].addendSampling!.operation.description.stride
      sampleAddend(of: &groups[reader], from: result, every: zip(wanted, stride).map(/))
    }
    if let split = readers.split { steps[split].work = .done }
  }

  /// Lets a group add pixels of a blob that are so far apart.
  private func sampleAddend(of group: inout ConvolutionGroup, from blob: Blob, every stride: [Int]) {
    let convolution = group.operation.description.convolution
    guard stride.contains(where: { $0 > 1 }) else {
      group.addendSampling = nil
      group.addendBlob = blob
      return
    }
    let sampling = PoolingDescription(
      method: .average, batch: convolution.batch, channels: convolution.outputs,
      input: Array(blob.shape.dimensions[2...]),
      output: convolution.output, kernel: [1, 1], stride: stride, pad: [0, 0], isDifferentiated: false)
    group.addendSampling = .init(operation: net.engine.pooling(sampling), source: blob)
    group.addendBlob = Blob(sampling.destination)
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
