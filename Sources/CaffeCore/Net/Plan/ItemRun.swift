/// Steps at the beginning of a plan that run for some items of the batch at a time, one group of items after the other.
///
/// Images are large where a net begins, and its weights are small there. What passes between these steps then needs memory for
/// some items only, and stays in the caches.
final class ItemRun {
  /// The layers that run so.
  let layers: ClosedRange<Int>
  /// How many items run at a time; it divides the batch.
  let items: Int
  let batch: Int
  var steps: [ExecutionPlan.Step] = []
  /// The net's blobs for so many items, by their numbers.
  private var blobs: [Int: Blob] = [:]
  /// What is read from outside, and what is read there later.
  private var inputs: [(whole: Blob, part: Blob)] = []
  private(set) var outputs: [(whole: Blob, part: Blob)] = []
  /// What each layer reads and writes.
  private var operands: [(bottoms: [Blob], tops: [Blob])] = []

  /// - Parameter isWanted: whether the values of a buffer that these layers write must be there for the whole batch after them.
  init(_ division: BatchDivision, of net: Net, isWanted: (Buffer) -> Bool) {
    layers = division.layers
    items = division.items
    batch = division.batch
    var buffers: [ObjectIdentifier: Buffer] = [:]
    var written: Set<ObjectIdentifier> = []
    for node in net.layers[layers] {
      for (index, blob) in zip(node.bottomIndices + node.topIndices, node.bottoms + node.tops) where blobs[index] == nil
      {
        let part = Blob(Shape([items] + blob.shape.axes(1...)))
        let id = ObjectIdentifier(blob.data)
        if let buffer = buffers[id] { part.shareData(buffer) }
        blobs[index] = part
        if buffers.updateValue(part.data, forKey: id) != nil { continue }
        if node.topIndices.contains(index) {
          written.insert(id)
        } else {
          inputs.append((blob, part))
        }
      }
      operands.append((node.bottomIndices.map { blobs[$0]! }, node.topIndices.map { blobs[$0]! }))
    }
    for index in blobs.keys.sorted() {
      let whole = net.blobs[index]
      guard written.contains(ObjectIdentifier(whole.data)), isWanted(whole.data),
        !outputs.contains(where: { $0.whole.data === whole.data })
      else { continue }
      outputs.append((whole, blobs[index]!))
    }
  }

  /// A blob of the net, for the items of a group.
  func blob(_ index: Int) -> Blob { blobs[index]! }

  func operands(of layer: Int) -> (bottoms: [Blob], tops: [Blob]) { operands[layer - layers.lowerBound] }

  /// Calls a function for each group, with its values in place before, and its results put where they belong after.
  ///
  /// - Parameter work: is told whether it is the last group.
  func forEachGroup(on engine: any Engine, _ work: (_ isLast: Bool) throws(NetError) -> Void) throws(NetError) {
    for first in stride(from: 0, to: batch, by: items) {
      for (whole, part) in inputs {
        engine.copyItems(
          first..<first + items, of: whole.data, whole.shape, to: part.data, part.shape, from: 0)
      }
      try work(first + items == batch)
      for (whole, part) in outputs {
        engine.copyItems(0..<items, of: part.data, part.shape, to: whole.data, whole.shape, from: first)
      }
    }
    // For others to use.
    for part in outputs.map(\.part.data) + inputs.map(\.part.data) where !part.isForgotten { part.forget {} }
  }
}
