/// Which layers at the beginning of a net had better run for some items of the batch at a time.
struct BatchDivision: Equatable {
  var layers: ClosedRange<Int>
  /// How many items at a time.
  var items: Int
  var batch: Int

  /// What passes between layers shall stay in a cache: so many bytes, unless said otherwise.
  static let bound = 8 << 20
  /// Each group reads the weights anew: they have to be small beside the values that meet them.
  private static let weightShare = 4

  /// Nil where nothing is to be gained.
  ///
  /// - Parameters:
  ///   - bound: how many bytes the blobs may take while a layer runs.
  ///   - stays: whether a buffer keeps its values to the end of a pass.
  init?(of net: Net, bound: Int, stays: (Buffer) -> Bool) {
    guard let first = net.layers.firstIndex(where: { !$0.bottoms.isEmpty }),
      let batch = net.layers[first].bottoms[0].shape.dimensions.first, batch > 1
    else { return nil }
    let sizes = Self.liveBytes(in: net, from: first, stays: stays)
    var most = Array(sizes)
    for index in most.indices.dropLast().reversed() { most[index] = max(most[index], most[index + 1]) }
    var best = most[0] - bound / 2
    var division: Self?
    var largest = 0
    for index in first..<net.layers.count - 1 {
      let node = net.layers[index]
      guard node.isItemwise(batch) else { break }
      largest = max(largest, sizes[index - first])
      let items = Self.divisor(of: batch, atMost: bound * batch / max(largest, 1))
      guard items < batch else { continue }
      if net.layers[first...index].contains(where: { $0.hasHeavyWeights(items, of: batch, share: Self.weightShare) }) {
        break
      }
      // What follows a convolution belongs to it.
      guard !net.layers[index + 1].isTakenAlong else { continue }
      let peak = max(largest * items / batch, most[index + 1 - first])
      if peak < best { (best, division) = (peak, Self(layers: first...index, items: items, batch: batch)) }
    }
    guard let division else { return nil }
    self = division
  }

  private init(layers: ClosedRange<Int>, items: Int, batch: Int) {
    (self.layers, self.items, self.batch) = (layers, items, batch)
  }

  /// How much memory the blobs take while each layer runs, those of sources excepted.
  private static func liveBytes(in net: Net, from first: Int, stays: (Buffer) -> Bool) -> [Int] {
    var lives: [ObjectIdentifier: (layers: ClosedRange<Int>, bytes: Int)] = [:]
    for index in net.layers.indices {
      let node = net.layers[index]
      for blob in node.bottoms + node.tops {
        let id = ObjectIdentifier(blob.data)
        let start = lives[id]?.layers.lowerBound ?? index
        lives[id] = (
          start...(stays(blob.data) ? net.layers.count - 1 : index), blob.count * MemoryLayout<Float>.stride
        )
      }
    }
    var bytes = Array(repeating: 0, count: net.layers.count - first)
    for life in lives.values where life.layers.lowerBound >= first {
      for index in life.layers { bytes[index - first] += life.bytes }
    }
    return bytes
  }

  private static func divisor(of batch: Int, atMost most: Int) -> Int {
    (1...batch).last { batch % $0 == 0 && $0 <= most } ?? 1
  }
}

extension LayerNode {
  /// Whether each item of the tops depends on the same item of the bottoms alone.
  fileprivate func isItemwise(_ batch: Int) -> Bool {
    guard !bottoms.isEmpty, !weighsInLoss,
      (bottoms + tops).allSatisfy({ $0.shape.rank > 0 && $0.shape[0] == batch })
    else { return false }
    switch layer.role {
    case .convolution(let description): return description.batch == batch
    case .channelScale, .rectifier, .sum, .join, .itemwise: return true
    case .other: return sharesMemory
    }
  }

  /// Whether the layer before may take this one along.
  fileprivate var isTakenAlong: Bool {
    switch layer.role {
    case .channelScale, .rectifier, .sum: true
    case .convolution, .join, .itemwise, .other: false
    }
  }

  fileprivate func hasHeavyWeights(_ items: Int, of batch: Int, share: Int) -> Bool {
    let weights = layer.parameters.reduce(0) { $0 + $1.count }
    let values = (bottoms + tops).reduce(0) { $0 + $1.count }
    return weights * share > values * items / batch
  }
}
