internal import CaffeCore

/// Adds up what lies near each value of an image: the same pixel of the neighbouring channels, or a square of pixels of the
/// same channel. What lies outside counts as 0.
struct NeighbourSums {
  enum Region { case acrossChannels, withinChannel }

  private let region: Region
  /// How far the neighbours reach on either side.
  private let reach: Int
  private let channels: Int
  private let height: Int
  private let width: Int
  /// The sums over columns of pixels, on the way to those over squares.
  private let columnSums: Buffer

  /// Images of channels × height × width; `size` neighbours along an axis, the value itself included.
  init(_ region: Region, size: Int, image: [Int]) {
    self.region = region
    reach = size / 2
    (channels, height, width) = (image[0], image[1], image[2])
    columnSums = Buffer(count: region == .withinChannel ? channels * height * width : 0)
  }

  func callAsFunction(_ x: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>) {
    switch region {
    case .acrossChannels: add(x, into: sums, outer: 1, extent: channels, inner: height * width)
    case .withinChannel:
      let columns = columnSums.uninitializedValues.baseAddress!
      add(x, into: columns, outer: channels, extent: height, inner: width)
      add(columns, into: sums, outer: channels * height, extent: width, inner: 1)
    }
  }

  /// Sums along the middle axis of outer × extent × inner values.
  private func add(
    _ x: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>, outer: Int, extent: Int, inner: Int
  ) {
    sums.update(repeating: 0, count: outer * extent * inner)
    for item in 0..<outer {
      for position in 0..<extent {
        let target = sums + (item * extent + position) * inner
        for neighbour in max(0, position - reach)..<min(extent, position + reach + 1) {
          let source = x + (item * extent + neighbour) * inner
          for i in 0..<inner { target[i] += source[i] }
        }
      }
    }
  }
}
