internal import CInstructions
public import CaffeKernels

extension DepthwisePixels {
  /// Computes some pixels of all channels.
  ///
  /// - Parameter destination: Blocks × pixels × 16, for these pixels alone.
  public func convolve(
    _ source: UnsafePointer<Float>, itemStride: Int, weights: UnsafePointer<Float>, pixels: Range<Int>,
    epilogue: Epilogue, into destination: UnsafeMutablePointer<Float>
  ) {
    let firstRow = pixels.lowerBound / outputWidth
    let lastRow = (pixels.upperBound &- 1) / outputWidth
    var target = destination
    var block = 0
    while block < blocks {
      let filter = DepthwiseFilter(
        pixels: self, weights: weights + block &* taps &* 16,
        epilogue: BlockEpilogue(epilogue, firstOutput: block &* 16, count: min(16, channels &- block &* 16)))
      let plane = source + block &* height &* width &* 16
      var row = firstRow
      while row <= lastRow {
        let start = row &* outputWidth
        let (first, end) = (max(pixels.lowerBound &- start, 0), min(pixels.upperBound &- start, outputWidth))
        let item = row / outputHeight
        filter.convolve(
          plane + item &* itemStride, row: row &- item &* outputHeight, from: first, to: end, into: target)
        target += (end &- first) &* 16
        row &+= 1
      }
      block &+= 1
    }
  }
}

/// What one block of channels is convolved by.
private struct DepthwiseFilter {
  let pixels: DepthwisePixels
  let weights: UnsafePointer<Float>
  let epilogue: BlockEpilogue

  /// Some pixels of one row of the destination.
  @inline(__always)
  func convolve(
    _ image: UnsafePointer<Float>, row: Int, from first: Int, to end: Int, into destination: UnsafeMutablePointer<Float>
  ) {
    let top = row &* pixels.stride.down &- pixels.pad.top
    let row = DepthwiseRow(
      image: image + top &* pixels.width &* 16, tapRows: taps(at: top, of: pixels.kernel.height, in: pixels.height),
      first: first, end: end, destination: destination)
    fetch(image + pixels.height &* pixels.width &* 16, top: top, from: first, to: end)
    if pixels.stride.right == 1 { convolve(row, Stride<1>.self) } else { convolve(row, Stride<2>.self) }
  }

  /// Has the same part of the next block fetched into the caches, but for what the row before has asked for.
  @inline(__always)
  private func fetch(_ image: UnsafePointer<Float>, top: Int, from first: Int, to end: Int) {
    let last = min(top &+ pixels.kernel.height, pixels.height)
    var y = max(last &- pixels.stride.down, 0)
    while y < last {
      var place = image + (y &* pixels.width &+ first &* pixels.stride.right) &* 16
      let stop = image + (y &* pixels.width &+ end &* pixels.stride.right) &* 16
      while place < stop {
        caffe_prefetch(place)
        place += 16
      }
      y &+= 1
    }
  }

  private func convolve<let stride: Int>(_ row: DepthwiseRow, _ distance: Stride<stride>.Type) {
    // Between these, a pixel lacks the first or the last column of the kernel at most.
    let slack = pixels.kernel.width > 1 ? 1 : 0
    let left = min(max((pixels.pad.left &- slack &+ stride &- 1) / stride, row.first), row.end)
    let room = pixels.width &+ pixels.pad.left &+ slack &- pixels.kernel.width
    let right = min(max(room < 0 ? 0 : room / stride &+ 1, left), row.end)
    var x = row.first
    while x < left {
      computeAtEdge(row, x)
      x &+= 1
    }
    while x &+ 14 <= right {
      compute(Sums<14>.self, distance, row, x)
      x &+= 14
    }
    while x &+ 7 <= right {
      compute(Sums<7>.self, distance, row, x)
      x &+= 7
    }
    while x &+ 3 <= right {
      compute(Sums<3>.self, distance, row, x)
      x &+= 3
    }
    while x < right {
      compute(Sums<1>.self, distance, row, x)
      x &+= 1
    }
    while x < row.end {
      computeAtEdge(row, x)
      x &+= 1
    }
  }

  /// Which of a kernel's taps along an axis lie inside an image that it covers from some place on.
  @inline(__always)
  private func taps(at place: Int, of kernel: Int, in size: Int) -> Range<Int> {
    let first = max(0, 0 &- place)
    return first..<max(first, min(kernel, size &- place))
  }

  /// A pixel that lacks any columns of the kernel.
  private func computeAtEdge(_ row: DepthwiseRow, _ x: Int) {
    let column = x &* pixels.stride.right &- pixels.pad.left
    let taps = taps(at: column, of: pixels.kernel.width, in: pixels.width)
    var sum = Vector.zero
    for tapRow in row.tapRows {
      for tap in taps {
        sum.addProduct(
          row.image.load((tapRow &* pixels.width &+ column &+ tap) &* 16),
          weights.load((tapRow &* pixels.kernel.width &+ tap) &* 16))
      }
    }
    row.destination.store(epilogue.finished(epilogue.scaled(sum)), (x &- row.first) &* 16)
  }

  /// Some neighbouring pixels; the first and the last may lie at an edge.
  private func compute<let count: Int, let stride: Int>(
    _: Sums<count>.Type, _: Stride<stride>.Type, _ row: DepthwiseRow, _ x: Int
  ) {
    let width = pixels.kernel.width
    let column = x &* stride &- pixels.pad.left
    let lacksFirst = column < 0
    let lacksLast = column &+ (count &- 1) &* stride &+ width > pixels.width
    var sums = Sums<count> { _ in .zero }
    var tapRow = row.tapRows.lowerBound
    while tapRow < row.tapRows.upperBound {
      var source = row.image + (tapRow &* pixels.width &+ column) &* 16
      var weight = weights + tapRow &* width &* 16
      var tap = 0
      while tap < width {
        let factor = weight.load(0)
        let skipsFirst = tap == 0 && lacksFirst
        let skipsLast = tap == width &- 1 && lacksLast
        @inline(__always) func addProduct(_ pixel: Int) {
          if (pixel > 0 || !skipsFirst) && (pixel < count &- 1 || !skipsLast) {
            sums[pixel].addProduct(source.load(pixel &* (stride &* 16)), factor)
          }
        }
        unrolled(count, addProduct)
        source += 16
        weight += 16
        tap &+= 1
      }
      tapRow &+= 1
    }
    // What fills up the last block stays zero without a mask: no lane gets anything of another.
    let target = row.destination + (x &- row.first) &* 16
    @inline(__always) func finish(_ rectify: (Vector) -> Vector) {
      @inline(__always) func store(_ pixel: Int) {
        target.store(rectify(epilogue.scaled(sums[pixel])), pixel &* 16)
      }
      unrolled(count, store)
    }
    switch epilogue.rectification {
    case .none: finish { $0 }
    case .zero: finish { $0.rectified }
    case .slope: finish { epilogue.sloped($0) }
    }
  }
}

/// Some pixels of a row of the destination.
private struct DepthwiseRow {
  /// The row of the source that is under the first of the kernel's, even if that is outside.
  let image: UnsafePointer<Float>
  /// The rows of the kernel that are inside.
  let tapRows: Range<Int>
  let first: Int
  let end: Int
  let destination: UnsafeMutablePointer<Float>
}

/// The distance of the sources of neighbouring pixels, known to the compiler.
private typealias Stride<let stride: Int> = InlineArray<stride, UInt8>

/// Sums for each of some pixels.
private typealias Sums<let pixels: Int> = InlineArray<pixels, Vector>
