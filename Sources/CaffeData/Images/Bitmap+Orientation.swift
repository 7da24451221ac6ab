extension Bitmap {
  /// The upright image of one that a camera took in the way that EXIF numbers from 1 to 8.
  ///
  /// 2 and 4 are mirrored left to right and upside down, 3 is turned by 180°, 6 and 8 by a quarter, 5 and 7 mirrored as
  /// well.
  func oriented(_ orientation: Int) -> Bitmap {
    let isTransposed = orientation >= 5
    let flipsRows = [3, 4, 7, 8].contains(orientation)
    let flipsColumns = [2, 3, 6, 7].contains(orientation)
    guard isTransposed || flipsRows || flipsColumns else { return self }
    let newHeight = isTransposed ? width : height
    let newWidth = isTransposed ? height : width
    return Bitmap(newHeight, newWidth, channels) { target in
      var index = 0
      for y in 0..<newHeight {
        let row = flipsRows ? newHeight - 1 - y : y
        for x in 0..<newWidth {
          let column = flipsColumns ? newWidth - 1 - x : x
          let source = (isTransposed ? column * width + row : row * width + column) * channels
          for channel in 0..<channels { target[index + channel] = pixels[source + channel] }
          index += channels
        }
      }
    }
  }
}
