public import CaffeKernels

extension WinogradTiles {
  /// Multiplies transformed tiles by transformed weights, for all 36 places.
  ///
  /// - Parameters:
  ///   - source: The transformed source, with all blocks of `channels`.
  ///   - weights: The transformed weights for `outputBlocks` blocks in all.
  ///   - pairs: The pairs of blocks of outputs that are wanted.
  ///   - destination: The transformed destination.
  ///   - tileCount: How many tiles there are, in source and destination.
  public static func multiply(
    _ source: UnsafePointer<Float>, sourcePlace: Int, weights: UnsafePointer<Float>, channels: Int, outputBlocks: Int,
    pairs: Range<Int>, into destination: UnsafeMutablePointer<Float>, destinationPlace: Int, tileCount: Int
  ) {
    let groups = (tileCount &+ 13) / 14
    var place = 0
    while place < places {
      let v = source + place &* sourcePlace
      let u = weights + place &* outputBlocks &* channels &* 16
      let m = destination + place &* destinationPlace
      var pair = pairs.lowerBound
      while pair < pairs.upperBound {
        let panel = u + pair &* channels &* 32
        let target = m + pair &* tileCount &* 32
        let isWhole = 2 &* pair &+ 2 <= outputBlocks
        var group = 0
        while group < groups {
          let tile = tileCount &* group / groups
          let height = tileCount &* (group &+ 1) / groups &- tile
          let product = Product(
            source: v + tile &* 16, sourceStride: tileCount &* 16, weights: panel, channels: channels,
            destination: target + tile &* 16, destinationStride: tileCount &* 16)
          product.compute(tiles: height, blocks: isWhole ? 2 : 1)
          group &+= 1
        }
        pair &+= 1
      }
      place &+= 1
    }
  }
}

/// The product of at most 14 tiles with one or two blocks of outputs, whose sums all stay in registers.
private struct Product {
  let source: UnsafePointer<Float>
  let sourceStride: Int
  let weights: UnsafePointer<Float>
  let channels: Int
  let destination: UnsafeMutablePointer<Float>
  let destinationStride: Int

  func compute(tiles: Int, blocks: Int) {
    switch tiles {
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
  private func wide<let tiles: Int>(_: Sums<tiles>.Type) {
    var sums = Sums<tiles> { _ in .zero }
    var moreSums = sums
    var v = source
    var u = weights
    var left = channels
    while left > 0 {
      let end = v + min(left, 16)
      var x = v
      while x < end {
        let (w, more) = (u.load(0), u.load(16))
        @inline(__always) func addProducts(_ tile: Int) {
          let factor = Vector(repeating: x[tile &* 16])
          sums[tile].addProduct(factor, w)
          moreSums[tile].addProduct(factor, more)
        }
        unrolled(tiles, addProducts)
        x += 1
        u += 32
      }
      v += sourceStride
      left &-= 16
    }
    @inline(__always) func store(_ tile: Int) {
      destination.store(sums[tile], tile &* 16)
      destination.store(moreSums[tile], destinationStride &+ tile &* 16)
    }
    unrolled(tiles, store)
  }

  /// One block of outputs.
  private func narrow<let tiles: Int>(_: Sums<tiles>.Type) {
    var sums = Sums<tiles> { _ in .zero }
    var v = source
    var u = weights
    var left = channels
    while left > 0 {
      let end = v + min(left, 16)
      var x = v
      while x < end {
        let w = u.load(0)
        @inline(__always) func addProduct(_ tile: Int) { sums[tile].addProduct(Vector(repeating: x[tile &* 16]), w) }
        unrolled(tiles, addProduct)
        x += 1
        u += 16
      }
      v += sourceStride
      left &-= 16
    }
    @inline(__always) func store(_ tile: Int) { destination.store(sums[tile], tile &* 16) }
    unrolled(tiles, store)
  }
}

/// Sums for each of some tiles.
private typealias Sums<let tiles: Int> = InlineArray<tiles, Vector>
