public import CaffeKernels

extension PixelRuns {
  /// The floats that `multiply` keeps for each run of a chunk.
  public static var sums: Int { length * 32 }

  /// Computes some runs for some pairs of blocks of outputs.
  ///
  /// - Parameters:
  ///   - source: With padding, without strides.
  ///   - chunk: So many runs are computed for all outputs before the next ones, as their source stays in the caches.
  ///   - depth: So many channels at a time are multiplied, as their weights stay in the caches.
  ///   - sums: Memory for the sums of a chunk.
  ///   - epilogue: Its addend is narrow as well, if activations are.
  ///   - destination: The first block of the first item. Strides count lanes.
  public func multiply(
    _ source: UnsafePointer<Float>, sourceItemStride: Int, weights: UnsafePointer<Float>, pairs: Range<Int>,
    runs: Range<Int>, chunk: Int, depth: Int, sums: UnsafeMutablePointer<Float>, epilogue: Epilogue,
    into destination: UnsafeMutablePointer<Float>, destinationItemStride: Int
  ) {
    if isNarrow {
      multiply(
        BFloat16Lanes.self, source, sourceItemStride, weights, pairs, runs, chunk, depth, sums, epilogue, destination,
        destinationItemStride)
    } else {
      multiply(
        FloatLanes.self, source, sourceItemStride, weights, pairs, runs, chunk, depth, sums, epilogue, destination,
        destinationItemStride)
    }
  }

  @inline(__always)
  private func multiply<Values: StoredValues>(
    _: Values.Type, _ source: UnsafePointer<Float>, _ sourceItemStride: Int, _ weights: UnsafePointer<Float>,
    _ pairs: Range<Int>, _ runs: Range<Int>, _ chunk: Int, _ depth: Int, _ sums: UnsafeMutablePointer<Float>,
    _ epilogue: Epilogue, _ destination: UnsafeMutablePointer<Float>, _ destinationItemStride: Int
  ) {
    let pixels = rows &* width
    var run = runs.lowerBound
    while run < runs.upperBound {
      // Chunks of almost equal size.
      let chunks = (runs.upperBound &- run &+ chunk &- 1) / chunk
      let end = run &+ (runs.upperBound &- run) / chunks
      var pair = pairs.lowerBound
      while pair < pairs.upperBound {
        let place = pair &* 2 &* Values.blockLanes &* pixels
        let product = PairProduct<Values>(
          runs: self, range: run..<end, source: source, sourceItemStride: sourceItemStride,
          weights: weights + pair &* 32 &* taps &* lanes, depth: depth, blocks: min(2, outputBlocks &- 2 &* pair),
          sums: sums, destination: destination + place, destinationItemStride: destinationItemStride,
          addend: epilogue.addend.map { $0 + place }, addendItemStride: epilogue.addendItemStride)
        withUnsafePointer(to: PairEpilogue(epilogue, firstOutput: pair &* 32, outputs: outputs)) {
          product.compute(epilogue: $0)
        }
        pair &+= 1
      }
      run = end
    }
  }
}

/// Some runs for one pair of blocks of outputs.
private struct PairProduct<Values: StoredValues> {
  let runs: PixelRuns
  let range: Range<Int>
  let source: UnsafePointer<Float>
  let sourceItemStride: Int
  let weights: UnsafePointer<Float>
  let depth: Int
  let blocks: Int
  let sums: UnsafeMutablePointer<Float>
  let destination: UnsafeMutablePointer<Float>
  let destinationItemStride: Int
  let addend: UnsafePointer<Float>?
  let addendItemStride: Int

  /// Tap after tap, and some channels after others.
  func compute(epilogue: UnsafePointer<PairEpilogue>) {
    let parts = (runs.channels &+ depth &- 1) / depth
    let steps = runs.taps &* parts
    var panel = weights
    var step = 0
    while step < steps {
      let tap = step / parts
      let part = step &- tap &* parts
      // Parts of whole blocks, but for the last.
      let block = runs.sourceBlocks &* part / parts
      let end = min(runs.lanes, runs.sourceBlocks &* (part &+ 1) / parts &* Values.blockLanes)
      let lanes = end &- block &* Values.blockLanes
      let place = block &* runs.sourcePixels &+ runs.place(ofTap: tap)
      multiply(
        source + place &* Values.blockLanes, panel, lanes: lanes, adds: step > 0,
        epilogue: step == steps &- 1 ? epilogue : nil)
      panel += lanes &* blocks &* 16
      step &+= 1
    }
  }

  /// - Parameters:
  ///   - adds: Whether products are added to the sums that are there.
  ///   - epilogue: What follows, once all products have been added.
  private func multiply(
    _ source: UnsafePointer<Float>, _ panel: UnsafePointer<Float>, lanes: Int, adds: Bool,
    epilogue: UnsafePointer<PairEpilogue>?
  ) {
    let plane = runs.rows &* runs.width &* Values.blockLanes
    let finishesInRegisters = epilogue.map { blocks == 2 && $0.pointee.isSimple } ?? false
    // The next panel follows this one.
    let nextStep = (blocks &* 64 &+ range.count &- 1) / range.count
    var next = UnsafeRawPointer(panel + lanes &* blocks &* 16)
    var position = runs.position(range.lowerBound)
    var sum = sums
    var run = range.lowerBound
    while run < range.upperBound {
      let pixel = runs.start(ofRun: position.column)
      let length = runs.start(ofRun: position.column &+ 1) &- pixel
      let place = (position.row &* runs.width &+ pixel) &* Values.blockLanes
      var product = PanelProduct<Values>(
        source: source
          + (position.item &* sourceItemStride &+ (position.row &* runs.sourceWidth &+ pixel) &* Values.blockLanes),
        sourceStride: runs.sourcePixels &* Values.blockLanes, weights: panel, lanes: lanes,
        start: adds ? UnsafePointer(sum) : nil, startStride: PixelRuns.length &* 16, destination: sum,
        destinationStride: PixelRuns.length &* 16, next: next, nextStep: nextStep)
      let target = destination + (position.item &* destinationItemStride &+ place)
      let addend = addend.map { $0 + (position.item &* addendItemStride &+ place) }
      if finishesInRegisters {
        product.destination = target
        product.destinationStride = plane
        product.epilogue = epilogue
        product.addend = addend
      }
      product.compute(pixels: length, blocks: blocks)
      if let epilogue, !finishesInRegisters {
        finish(sum, pixels: length, addend: addend, epilogue.pointee.first, into: target)
        if blocks == 2 {
          finish(
            sum + PixelRuns.length &* 16, pixels: length, addend: addend.map { $0 + plane }, epilogue.pointee.second,
            into: target + plane)
        }
      }
      sum += PixelRuns.sums
      next += nextStep &* lanes
      runs.advance(&position)
      run &+= 1
    }
  }

  /// The epilogue of one block.
  private func finish(
    _ sums: UnsafePointer<Float>, pixels: Int, addend: UnsafePointer<Float>?, _ epilogue: BlockEpilogue,
    into destination: UnsafeMutablePointer<Float>
  ) {
    var pixel = 0
    while pixel < pixels {
      let place = pixel &* Values.blockLanes
      var value = epilogue.scaled(sums.load(pixel &* 16))
      if let addend { value += Values.load(addend + place) }
      Values.store(epilogue.finished(value), at: destination + place)
      pixel &+= 1
    }
  }
}
