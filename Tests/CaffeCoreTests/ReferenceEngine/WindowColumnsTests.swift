import CaffeCore
import Testing

@Suite struct `Window columns` {
  private let windows = WindowColumns(
    channels: 1, input: [2, 3], output: [2, 2], kernel: [2, 2], stride: [1, 2], pad: [1, 0], dilation: [1, 1])

  @Test func `unrolls windows, with zeros outside the image`() {
    let image: [Float] = [1, 2, 3, 4, 5, 6]
    var columns = [Float](repeating: -1, count: windows.rows * windows.count)
    windows.unroll(image, into: &columns)
    #expect(columns == [0, 0, 1, 3, 0, 0, 2, 0, 1, 3, 4, 6, 2, 0, 5, 0])
  }

  @Test func `folds every value back to the pixel it came from`() {
    let columns = [Float](repeating: 1, count: windows.rows * windows.count)
    var image = [Float](repeating: 0, count: 6)
    windows.fold(columns, addingTo: &image)
    #expect(image == [2, 2, 2, 1, 1, 1])
  }
}
