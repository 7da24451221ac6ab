public import CaffeKernels

extension WinogradTiles {
  /// Multiplies transformed tiles by transformed weights, for all places.
  ///
  /// - Parameters:
  ///   - source: The transformed source, with all blocks of `channels`.
  ///   - weights: The transformed weights for `outputBlocks` blocks in all.
  ///   - pairs: The pairs of blocks of outputs that are wanted.
  ///   - destination: The transformed destination.
  ///   - tileCount: How many tiles there are, in source and destination.
  public func multiply(
    _ source: UnsafePointer<Float>, sourcePlace: Int, weights: UnsafePointer<Float>, channels: Int, outputBlocks: Int,
    pairs: Range<Int>, into destination: UnsafeMutablePointer<Float>, destinationPlace: Int, tileCount: Int
  ) {
    let groups = (tileCount &+ 13) / 14
    var place = 0
    while place < places {
      let v = source + place &* sourcePlace
      let u = weights + place &* Self.weightsPlace(channels: channels, outputs: outputBlocks &* 16)
      let m = destination + place &* destinationPlace
      var pair = pairs.lowerBound
      while pair < pairs.upperBound {
        let panel = u + pair &* channels &* 32
        let target = m + pair &* tileCount &* 32
        let isWhole = 2 &* pair &+ 2 <= outputBlocks
        // After the last pair comes the first one of the next place.
        var next = UnsafeRawPointer(
          pair &+ 1 < pairs.upperBound
            ? panel + channels &* 32 : u + (outputBlocks &* 16 &+ pairs.lowerBound &* 32) &* channels)
        let nextStep = (128 &+ groups &- 1) / groups
        var group = 0
        while group < groups {
          let tile = tileCount &* group / groups
          let height = tileCount &* (group &+ 1) / groups &- tile
          let product = PanelProduct<FloatLanes>(
            source: v + tile &* 16, sourceStride: tileCount &* 16, weights: panel, lanes: channels,
            destination: target + tile &* 16, destinationStride: tileCount &* 16, next: next, nextStep: nextStep)
          product.compute(pixels: height, blocks: isWhole ? 2 : 1)
          next += nextStep &* channels
          group &+= 1
        }
        pair &+= 1
      }
      place &+= 1
    }
  }
}
