internal import CaffeCore

/// How a small tensor with one value per channel meets a large one in memory, whatever the order of the large one's values.
///
/// In row-major order the places of one channel follow each other (*planes*), in an engine's order the places of 8 or 16
/// channels side by side (*blocks*); where a channel has one place only, all channels lie side by side (*rows*). Loops are
/// written once for all three, over stretches of up to sixteen values.
struct ChannelRuns {
  /// The order in which all operands are to be read and written; nil is row-major.
  let order: (any MemoryOrder)?

  private let items: Int
  private let channels: Int
  private let places: Int
  /// How many channels lie side by side: 1 in planes, all in rows.
  private let block: Int
  private let isRows: Bool

  /// - Parameter large: the large tensor, which is taken in the order in which it lies now.
  init(_ spread: Broadcast, over shape: Shape, in large: Buffer, on engine: any Engine) {
    items = spread.outer
    channels = spread.size
    places = spread.inner
    let hasChannels = shape.rank > 1 && items == shape[0] && channels == shape[1]
    if hasChannels, let order = engine.order(of: large, shape), let block = order.channelBlock, [8, 16].contains(block)
    {
      self.order = order
      self.block = block
      isRows = false
    } else {
      order = nil
      isRows = places == 1
      block = isRows ? channels : 1
    }
  }

  private var groups: Int { (channels + block - 1) / block }

  /// Up to sixteen values side by side.
  struct Stretch {
    /// Where it starts in the large tensor.
    let start: Int
    let count: Int
    /// The channel of its first value.
    let channel: Int
  }

  /// The small tensor's values that meet a stretch, and 0 where a block is filled up.
  @inline(__always)
  func lanes(_ values: UnsafePointer<Float>, at stretch: Stretch) -> Lanes {
    if isRows { return Lanes(values + stretch.channel, count: stretch.count) }
    if block == 1 { return Lanes(repeating: values[stretch.channel]) }
    let known = min(block, channels - stretch.channel)
    if block == 16 { return Lanes(values + stretch.channel, count: known) }
    let half = Lanes(values + stretch.channel, count: known).lowHalf
    return Lanes(lowHalf: half, highHalf: half)
  }

  /// Divides the large tensor among threads and calls the body for each stretch.
  @inline(__always)
  func forEach(on engine: any Engine, _ body: (Stretch) -> Void) {
    let count = isRows ? items : items * groups * places
    let grain = isRows ? max(1, 16384 / max(block, 1)) : 16384 / block
    engine.divide((count + grain - 1) / grain) { pieces in
      var place = pieces.lowerBound * grain
      let last = min(pieces.upperBound * grain, count)
      while place < last {
        let run = isRows ? place : place / places
        let end = isRows ? place + 1 : min((run + 1) * places, last)
        forEachStretch(of: place..<end, channel: isRows ? 0 : run % groups * block, body)
        place = end
      }
    }
  }

  /// The stretches of some places of one run.
  @inline(__always)
  private func forEachStretch(of places: Range<Int>, channel: Int, _ body: (Stretch) -> Void) {
    var start = places.lowerBound * block
    let (first, end) = (start, places.upperBound * block)
    while start < end {
      body(Stretch(start: start, count: min(16, end - start), channel: isRows ? start - first : channel))
      start += 16
    }
  }

  /// Adds up a term over all places of each channel: `sums[channel] += Σ term`, in the same order for any number of threads.
  @inline(__always)
  func addSums(on engine: any Engine, to sums: UnsafeMutablePointer<Float>, _ term: (Stretch) -> Lanes) {
    if isRows {
      for item in 0..<items {
        forEachStretch(of: item..<item + 1, channel: 0) { stretch in
          let target = sums + stretch.channel
          (Lanes(target, count: stretch.count) + term(stretch)).store(target, count: stretch.count)
        }
      }
      return
    }
    engine.divide(groups) { range in
      for group in range {
        var totals = SIMD16<Double>()
        for item in 0..<items {
          let run = (item * groups + group) * places
          // Short sums in single precision, which are added up in double precision.
          for piece in stride(from: 0, to: places, by: 2048) {
            var sum = Lanes()
            forEachStretch(of: run + piece..<run + min(piece + 2048, places), channel: group * block) {
              sum += term($0)
            }
            totals += SIMD16<Double>(sum)
          }
        }
        for lane in 0..<16 where group * block + lane % block < channels {
          sums[group * block + lane % block] += Float(totals[lane])
        }
      }
    }
  }
}
