internal import CInstructions
internal import CaffeKernels

/// The product of some neighbouring pixels with the weights of one or two blocks of outputs:
///
///     y[o, p] = start[o, p] + Σ_c w[c, o] · x[c, p]
///
/// All sums stay in registers until they are finished. What is read next is fetched into the caches meanwhile.
struct PanelProduct<Values: StoredValues> {
  /// At most 14 pixels, in blocks of 16 channels.
  let source: UnsafePointer<Float>
  /// Lanes from one block to the next.
  let sourceStride: Int
  /// Lanes × 32, or × 16 for one block.
  let weights: UnsafePointer<Float>
  /// The lanes of all channels.
  let lanes: Int
  /// Nil stands for zeros.
  var start: UnsafePointer<Float>?
  var startStride = 0
  /// The first block, and floats from one to the next; with an epilogue, lanes.
  var destination: UnsafeMutablePointer<Float>
  var destinationStride: Int
  /// What happens to the sums of two blocks before they are stored, if that is simple; without one, they are stored as sums.
  var epilogue: UnsafePointer<PairEpilogue>?
  /// Where the epilogue's addend lies, as the destination does.
  var addend: UnsafePointer<Float>?
  /// The weights that are wanted next, and how many bytes of them to fetch for each lane.
  let next: UnsafeRawPointer
  let nextStep: Int

  func compute(pixels: Int, blocks: Int) {
    switch pixels {
    case 1: blocks == 2 ? wide(Sums<1>.self) : narrow(Sums<1>.self)
    case 2: blocks == 2 ? wide(Sums<2>.self) : narrow(Sums<2>.self)
    case 3: blocks == 2 ? wide(Sums<3>.self) : narrow(Sums<3>.self)
    case 4: blocks == 2 ? wide(Sums<4>.self) : narrow(Sums<4>.self)
    case 5: blocks == 2 ? wide(Sums<5>.self) : narrow(Sums<5>.self)
    case 6: blocks == 2 ? wide(Sums<6>.self) : narrow(Sums<6>.self)
    case 7: blocks == 2 ? wide(Sums<7>.self) : narrow(Sums<7>.self)
    case 8: blocks == 2 ? wide(Sums<8>.self) : narrow(Sums<8>.self)
    case 9: blocks == 2 ? wide(Sums<9>.self) : narrow(Sums<9>.self)
    case 10: blocks == 2 ? wide(Sums<10>.self) : narrow(Sums<10>.self)
    case 11: blocks == 2 ? wide(Sums<11>.self) : narrow(Sums<11>.self)
    case 12: blocks == 2 ? wide(Sums<12>.self) : narrow(Sums<12>.self)
    case 13: blocks == 2 ? wide(Sums<13>.self) : narrow(Sums<13>.self)
    default: blocks == 2 ? wide(Sums<14>.self) : narrow(Sums<14>.self)
    }
  }

  /// Two blocks of outputs.
  private func wide<let pixels: Int>(_: Sums<pixels>.Type) {
    var sums = Sums<pixels> { _ in .zero }
    var moreSums = sums
    if let start {
      @inline(__always) func load(_ pixel: Int) {
        sums[pixel] = start.load(pixel &* 16)
        moreSums[pixel] = start.load(startStride &+ pixel &* 16)
      }
      unrolled(pixels, load)
    }
    if epilogue != nil {
      @inline(__always) func fetch(_ pixel: Int) {
        caffe_prefetch_for_writing(destination + pixel &* Values.blockLanes)
        caffe_prefetch_for_writing(destination + (destinationStride &+ pixel &* Values.blockLanes))
      }
      unrolled(pixels, fetch)
    }
    var v = source
    var u = weights
    var next = next
    var left = lanes
    while left > 0 {
      let end = v + min(left, Values.blockLanes)
      var x = v
      // The next product's pixels, most likely.
      var following = UnsafeRawPointer(v + pixels &* Values.blockLanes)
      while x < end {
        let (w, more) = (u.load(0), u.load(16))
        caffe_prefetch(next)
        caffe_prefetch(following)
        @inline(__always) func addProducts(_ pixel: Int) {
          let factor = Vector(repeating: x[pixel &* Values.blockLanes])
          Values.addProduct(to: &sums[pixel], factor, w)
          Values.addProduct(to: &moreSums[pixel], factor, more)
        }
        unrolled(pixels, addProducts)
        x += 1
        u += 32
        next += nextStep
        following += 64
      }
      v += sourceStride
      left &-= Values.blockLanes
    }
    guard let epilogue else {
      @inline(__always) func store(_ pixel: Int) {
        destination.store(sums[pixel], pixel &* 16)
        destination.store(moreSums[pixel], destinationStride &+ pixel &* 16)
      }
      return unrolled(pixels, store)
    }
    let (first, second) = (epilogue.pointee.first, epilogue.pointee.second)
    // Copies: what a closure shares with another would have to live in memory.
    let (results, moreResults) = (sums, moreSums)
    @inline(__always) func store(_ pixel: Int) {
      let place = pixel &* Values.blockLanes
      var (y, more) = (first.scaled(results[pixel]), second.scaled(moreResults[pixel]))
      if let addend {
        y += Values.load(addend + place)
        more += Values.load(addend + (destinationStride &+ place))
      }
      Values.store(first.raised(y), at: destination + place)
      Values.store(second.raised(more), at: destination + (destinationStride &+ place))
    }
    unrolled(pixels, store)
  }

  /// One block of outputs.
  private func narrow<let pixels: Int>(_: Sums<pixels>.Type) {
    var sums = Sums<pixels> { _ in .zero }
    if let start {
      @inline(__always) func load(_ pixel: Int) { sums[pixel] = start.load(pixel &* 16) }
      unrolled(pixels, load)
    }
    var v = source
    var u = weights
    var left = lanes
    while left > 0 {
      let end = v + min(left, Values.blockLanes)
      var x = v
      while x < end {
        let w = u.load(0)
        @inline(__always) func addProduct(_ pixel: Int) {
          Values.addProduct(to: &sums[pixel], Vector(repeating: x[pixel &* Values.blockLanes]), w)
        }
        unrolled(pixels, addProduct)
        x += 1
        u += 16
      }
      v += sourceStride
      left &-= Values.blockLanes
    }
    @inline(__always) func store(_ pixel: Int) { destination.store(sums[pixel], pixel &* 16) }
    unrolled(pixels, store)
  }
}

/// Sums for each of some pixels.
private typealias Sums<let pixels: Int> = InlineArray<pixels, Vector>
