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
  private let columns: Buffer

  /// Images of channels × height × width; `size` neighbours along an axis, the value itself included.
  init(_ region: Region, size: Int, image: [Int]) {
    self.region = region
    reach = size / 2
    (channels, height, width) = (image[0], image[1], image[2])
    columns = Buffer(count: height * width)
  }

  /// Writes Σ term(x′) for each pixel of one channel: a channel at a time, so that all stays in the cache.
  @inline(__always)
  func callAsFunction(
    _ x: UnsafePointer<Float>, channel: Int, into sums: UnsafeMutablePointer<Float>, _ term: (Float) -> Float
  ) {
    let size = height * width
    sums.update(repeating: 0, count: size)
    switch region {
    case .acrossChannels:
      for neighbour in near(channel, of: channels) {
        let source = x + neighbour * size
        for i in 0..<size { sums[i] += term(source[i]) }
      }
    case .withinChannel:
      let columns = columns.uninitializedValues.baseAddress!
      columns.update(repeating: 0, count: size)
      for row in 0..<height {
        let target = columns + row * width
        for neighbour in near(row, of: height) {
          let source = x + channel * size + neighbour * width
          for i in 0..<width { target[i] += term(source[i]) }
        }
        for column in 0..<width {
          for neighbour in near(column, of: width) { sums[row * width + column] += target[neighbour] }
        }
      }
    }
  }

  private func near(_ position: Int, of extent: Int) -> Range<Int> {
    max(0, position - reach)..<min(extent, position + reach + 1)
  }
}
