/// Finds what can run as one step, and which values are needed for how long.
struct PlanBuilder {
  let net: Net
  /// Buffers whose values somebody asked for.
  private let kept: Set<ObjectIdentifier>
  /// Whether the layers can run once more for the same pass.
  private let isRepeatable: Bool
  /// Whether values may be left out and forgotten.
  private let mayForget: Bool
  /// The layers that read or write each blob, in order.
  private var users: [[Int]]
  var steps: [ExecutionPlan.Step]
  private var leftOut: [Buffer] = []
  /// The layers that run for some items at a time.
  private let run: ItemRun?

  init(_ net: Net, keeping kept: Set<ObjectIdentifier>, isRepeatable: Bool) {
    self.net = net
    self.kept = kept
    self.isRepeatable = isRepeatable
    mayForget = isRepeatable && !net.keepsAllBlobs
    users = Array(repeating: [], count: net.blobs.count)
    for (index, node) in net.layers.enumerated() {
      for blob in Set(node.bottomIndices + node.topIndices) { users[blob].append(index) }
    }
    steps = net.layers.indices.map { ExecutionPlan.Step(work: .layer, layer: $0) }
    run = mayForget ? Self.itemRun(of: net, keeping: kept) : nil
  }

  private static func itemRun(of net: Net, keeping kept: Set<ObjectIdentifier>) -> ItemRun? {
    let outputs = Set(net.outputs.map { ObjectIdentifier(net.blobs[$0].data) })
    func stays(_ buffer: Buffer) -> Bool {
      buffer.isPinned || kept.contains(ObjectIdentifier(buffer)) || outputs.contains(ObjectIdentifier(buffer))
    }
    guard let division = BatchDivision(of: net, bound: net.bytesAtATime, stays: stays) else { return nil }
    let later = net.layers[(division.layers.upperBound + 1)...]
    return ItemRun(division, of: net) { buffer in
      stays(buffer) || later.contains { node in node.bottoms.contains { $0.data === buffer } }
    }
  }

  /// What a layer uses as a blob: the net's own, or one for some items.
  func blob(_ index: Int, at layer: Int) -> Blob {
    runsByItems(layer) ? run!.blob(index) : net.blobs[index]
  }

  func runsByItems(_ layer: Int) -> Bool { run?.layers.contains(layer) ?? false }

  consuming func build(reusing operations: inout FusedOperations) -> ExecutionPlan {
    var groups: [ConvolutionGroup] = []
    for index in net.layers.indices {
      if let group = group(from: index, &operations) { groups.append(group) }
    }
    leaveOutPixels(of: &groups, &operations)
    placeInJoins(&groups)
    pairSeparable(&groups, &operations)
    for group in groups { add(group) }
    if mayForget { forgetEarly() }
    collectItemRun()
    return ExecutionPlan(
      steps: steps.filter { !$0.isIdle }, leftOut: leftOut, structure: Blob.structureChanges,
      isRepeatable: isRepeatable)
  }

  /// Makes one step of those that run for some items at a time.
  private mutating func collectItemRun() {
    guard let run else { return }
    for layer in run.layers where net.layers[layer].sharesMemory { steps[layer].work = .done }
    run.steps = steps[run.layers].filter { !$0.isIdle }
    for layer in run.layers { steps[layer] = ExecutionPlan.Step(work: .done, layer: layer) }
    steps[run.layers.upperBound].work = .items(run)
    var stays = Set(run.outputs.map { ObjectIdentifier($0.whole.data) })
    for node in net.layers[run.layers] {
      for blob in node.tops where stays.insert(ObjectIdentifier(blob.data)).inserted {
        // The memory of an input under another name is there.
        if !isSource(blob.data) { leftOut.append(blob.data) }
      }
    }
  }

  private func isSource(_ buffer: Buffer) -> Bool {
    net.layers.contains { node in node.bottoms.isEmpty && node.tops.contains { $0.data === buffer } }
  }

  // MARK: Convolutions and what follows them

  struct ConvolutionGroup {
    var operation: any FusedConvolutionOperation
    var layers: [Int]
    var scalings: [any ChannelScaling]
    var addend: Int?
    var destination: Int
    /// Blobs of results on the way, which are not computed.
    var between: [Int]
    var slice: (blob: Int, slice: ChannelSlice)?
    /// What stands for the blobs of the net where pixels are left out.
    var source: Blob?
    var addendBlob: Blob?
    var addendSampling: ConvolutionStep.Sampling?
    var result: Blob?
    /// The depthwise convolution before this one, and what computes both.
    var depthwise: (step: ConvolutionStep, operation: any SeparableConvolutionOperation)?
  }

  private func group(from index: Int, _ operations: inout FusedOperations) -> ConvolutionGroup? {
    for candidate in candidates(from: index).reversed() {
      if let operation = operations.operation(candidate.description, at: index, on: net.engine) {
        return ConvolutionGroup(
          operation: operation, layers: candidate.layers, scalings: candidate.scalings, addend: candidate.addend,
          destination: candidate.destination, between: candidate.between)
      }
    }
    return nil
  }

  private struct Candidate {
    var description: FusedConvolutionDescription
    var layers: [Int]
    var scalings: [any ChannelScaling] = []
    var addend: Int?
    var destination: Int
    var between: [Int] = []
  }

  /// A convolution, and it with more and more of what follows.
  private func candidates(from index: Int) -> [Candidate] {
    let node = net.layers[index]
    guard node.bottoms.count == 1, !node.weighsInLoss, case .convolution(var convolution) = node.layer.role else {
      return []
    }
    if let run, runsByItems(index) { convolution.batch = run.items }
    var candidate = Candidate(
      description: .init(convolution: convolution, hasScale: false, hasAddend: false, slope: nil), layers: [index],
      destination: node.topIndices[0])
    var candidates = [candidate]
    while candidate.description.slope == nil,
      let next = soleReader(of: candidate.destination, after: candidate.layers.last!),
      runsByItems(next) == runsByItems(index)
    {
      let reader = net.layers[next]
      let blob = candidate.destination
      guard reader.tops.count == 1, !reader.weighsInLoss else { break }
      switch reader.layer.role {
      case .channelScale(let scaling) where candidate.addend == nil && reader.bottoms.count == 1:
        candidate.description.hasScale = true
        candidate.scalings.append(scaling)
      case .rectifier(let slope) where reader.bottoms.count == 1: candidate.description.slope = slope
      case .sum where candidate.addend == nil:
        guard let addend = reader.bottomIndices.first(where: { $0 != blob }),
          isComputed(addend, before: index, for: next)
        else { return candidates }
        candidate.description.hasAddend = true
        candidate.addend = addend
      default: return candidates
      }
      candidate.destination = reader.topIndices[0]
      if candidate.destination != blob {
        guard mayLeaveOut(blob) else { break }
        candidate.between.append(blob)
      }
      // What the convolution reads, it reads at the place of the last layer.
      guard !isWritten(node.bottoms[0].data, between: index, and: next) else { break }
      candidate.layers.append(next)
      candidates.append(candidate)
    }
    return candidates
  }

  /// The layer that reads what a layer leaves in a blob. There is one at most: Splits stand before several.
  func soleReader(of blob: Int, after layer: Int) -> Int? {
    guard let next = users[blob].first(where: { $0 > layer }), net.layers[next].bottomIndices.contains(blob) else {
      return nil
    }
    return next
  }

  /// Whether what a layer reads of a blob is there before an earlier layer: of two convolutions whose sum is wanted, the later one
  /// adds it.
  private func isComputed(_ blob: Int, before earlier: Int, for layer: Int) -> Bool {
    users[blob].allSatisfy { $0 < earlier || $0 >= layer }
  }

  func isWritten(_ buffer: Buffer, between first: Int, and last: Int) -> Bool {
    net.layers[(first + 1)..<last].contains { node in node.tops.contains { $0.data === buffer } && !node.sharesMemory }
  }

  func mayLeaveOut(_ blob: Int) -> Bool {
    mayForget && !isKept(net.blobs[blob].data) && !net.outputs.contains(blob)
  }

  private func isKept(_ buffer: Buffer) -> Bool { buffer.isPinned || kept.contains(ObjectIdentifier(buffer)) }

  // MARK: Joins

  /// Lets convolutions write into the blob that a Concat would copy their results to.
  private func placeInJoins(_ groups: inout [ConvolutionGroup]) {
    for (index, node) in net.layers.enumerated() {
      guard case .join = node.layer.role, !node.weighsInLoss else { continue }
      let whole = blob(node.topIndices[0], at: index).shape
      var places: [(group: Int, slice: ChannelSlice)] = []
      var channel = 0
      for (position, bottom) in node.bottomIndices.enumerated() {
        let slice = ChannelSlice(of: whole, from: channel)
        channel += node.bottoms[position].shape[1]
        guard let group = groups.firstIndex(where: { $0.destination == bottom }), mayLeaveOut(bottom),
          runsByItems(groups[group].layers[0]) == runsByItems(index),
          soleReader(of: bottom, after: groups[group].layers.last!) == index, groups[group].operation.canWrite(slice)
        else { break }
        places.append((group, slice))
      }
      guard places.count == node.bottoms.count, Set(places.map(\.group)).count == places.count else { continue }
      for (group, slice) in places {
        groups[group].between.append(groups[group].destination)
        groups[group].slice = (node.topIndices[0], slice)
      }
    }
  }

  private mutating func add(_ group: ConvolutionGroup) {
    let step = step(of: group)
    for layer in step.layers { steps[layer].work = .done }
    steps[group.layers.last!].work = .convolution(step)
    leftOut += group.between.map { net.blobs[$0].data }
    if let joined = group.slice?.blob { steps[users[joined][0]].work = .done }
  }

  func step(of group: ConvolutionGroup) -> ConvolutionStep {
    let first = group.layers[0]
    let convolution = net.layers[first]
    return ConvolutionStep(
      group.operation, layers: group.layers, parameters: convolution.layer.parameters, scalings: group.scalings,
      source: group.source ?? blob(convolution.bottomIndices[0], at: first),
      addend: group.addendBlob ?? group.addend.map { blob($0, at: first) }, addendSampling: group.addendSampling,
      destination: group.result ?? blob(group.slice?.blob ?? group.destination, at: first), slice: group.slice?.slice,
      after: group.depthwise)
  }

  // MARK: Forgetting

  /// Finds the last step that reads each buffer.
  private mutating func forgetEarly() {
    var lastUse: [ObjectIdentifier: Int] = [:]
    var buffers: [ObjectIdentifier: Buffer] = [:]
    var stays = Set(net.outputs.map { ObjectIdentifier(net.blobs[$0].data) })
    for (_, part) in run?.outputs ?? [] { stays.insert(ObjectIdentifier(part.data)) }
    for parameter in net.parameters { stays.insert(ObjectIdentifier(parameter.blob.data)) }
    for step in steps {
      func noteUse(_ blob: Blob) {
        buffers[ObjectIdentifier(blob.data)] = blob.data
        lastUse[ObjectIdentifier(blob.data)] = step.layer
      }
      for layer in step.layers {
        let node = net.layers[layer]
        for blob in (node.bottomIndices + node.topIndices).map({ blob($0, at: layer) }) {
          noteUse(blob)
          // What comes from outside cannot be computed again.
          if node.bottoms.isEmpty { stays.insert(ObjectIdentifier(blob.data)) }
        }
      }
      if case .convolution(let convolution) = step.work { convolution.operands.forEach(noteUse) }
    }
    for buffer in leftOut { stays.insert(ObjectIdentifier(buffer)) }
    for (id, step) in lastUse.sorted(by: { $0.value < $1.value }) {
      guard !stays.contains(id), let buffer = buffers[id], !isKept(buffer) else { continue }
      steps[step].forgets.append(buffer)
      if case .convolution(let convolution) = steps[step].work, convolution.addendBuffer === buffer {
        convolution.mayConsumeAddend = true
      }
    }
  }
}

extension LayerNode {
  /// Whether the tops are the bottom's memory under other names, so that forward writes nothing.
  var sharesMemory: Bool { tops.allSatisfy { top in bottoms.contains { $0 !== top && $0.data === top.data } } }
}

/// The operations that plans of one net have made, by the convolutions' layers.
struct FusedOperations {
  private var operations: [Int: [any FusedConvolutionOperation]] = [:]
  private var refused: [Int: Set<FusedConvolutionDescription>] = [:]
  /// The last one of each layer, or that there is none.
  private var separable:
    [Int: (description: SeparableConvolutionDescription, operation: (any SeparableConvolutionOperation)?)] = [:]

  mutating func operation(
    _ description: FusedConvolutionDescription, at layer: Int, on engine: any Engine
  ) -> (any FusedConvolutionOperation)? {
    if let known = operations[layer]?.first(where: { $0.description == description }) { return known }
    if refused[layer]?.contains(description) == true { return nil }
    guard let operation = engine.fusedConvolution(description) else {
      refused[layer, default: []].insert(description)
      return nil
    }
    operations[layer, default: []].append(operation)
    return operation
  }

  mutating func operation(
    _ description: SeparableConvolutionDescription, at layer: Int, on engine: any Engine
  ) -> (any SeparableConvolutionOperation)? {
    if let known = separable[layer], known.description == description { return known.operation }
    let operation = engine.separableConvolution(description)
    separable[layer] = (description, operation)
    return operation
  }
}
