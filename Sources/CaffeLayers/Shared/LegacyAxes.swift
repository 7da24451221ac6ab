internal import CaffeCore

extension Shape {
  /// Refuses more axes than batch, channels, height and width, where the original knows only these.
  func checkLegacyAxes() throws(NetError) {
    guard rank <= 4 else {
      throw NetError(
        "Cannot use legacy accessors on Blobs with > 4 axes. (the shape is \(self))",
        remedy: "merge axes with a Reshape layer before this one")
    }
  }
}
