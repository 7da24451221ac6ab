/// The light of a colour: 0.299 red + 0.587 green + 0.114 blue, in units of 1 / 16384.
func luma(red: Int, green: Int, blue: Int) -> UInt8 {
  UInt8((4899 * red + 9617 * green + 1868 * blue + 8192) >> 14)
}

extension Bitmap {
  /// One channel with the light of the colours, as OpenCV computes it.
  var gray: Bitmap {
    Bitmap(height, width, 1) { target in
      for index in target.indices {
        let place = index * channels
        target[index] = luma(red: Int(pixels[place + 2]), green: Int(pixels[place + 1]), blue: Int(pixels[place]))
      }
    }
  }
}
