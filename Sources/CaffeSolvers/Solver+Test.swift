internal import CaffeCore
internal import CaffeProto

extension Solver {
  /// Tests every test net. What the first one gives counts for `plateau`, `early_stop_tests` and `snapshot_best`.
  public func testAll() throws {
    for index in testNets.indices where !wasStopped {
      if let means = try test(index), index == 0 { judge(means) }
    }
  }

  /// Runs a test net over `test_iter` batches with the present weights and logs the mean of each output value.
  ///
  /// - Returns: the means, in the order of the log; nil when the test was interrupted.
  @discardableResult
  public func test(_ index: Int) throws -> [Float]? {
    logger.info("Iteration \(iteration), Testing net (#\(index))")
    let net = testNets[index]
    try net.shareWeights(with: self.net)
    let batches = Int(definition.testIter[index])
    var sums: [Float] = []
    var loss: Float = 0
    for _ in 0..<batches {
      try obeyRequests()
      if wasStopped {
        logger.info("Test interrupted.")
        return nil
      }
      loss += try net.forward()
      var number = 0
      for output in net.outputs {
        for value in net.blobs[output].data.values {
          if number < sums.count { sums[number] += value } else { sums.append(value) }
          number += 1
        }
      }
    }
    if definition.testComputeLoss { logger.info("Test loss: \((loss / Float(batches)).shortText)") }
    let means = sums.map { $0 / Float(batches) }
    logTest(means, of: net)
    return means
  }

  private func obeyRequests() throws {
    var action = requestedAction()
    while action != .none {
      if action == .snapshot { trySnapshot() } else { wasStopped = true }
      action = requestedAction()
    }
  }

  private func logTest(_ means: [Float], of net: Net) {
    var number = 0
    for output in net.outputs {
      let name = net.blobNames[output]
      let weight = net.lossWeight(ofBlob: output)
      for _ in 0..<net.blobs[output].count where number < means.count {
        let mean = means[number]
        logger.info("    Test net output #\(number): \(name) = \(mean.shortText)\(weighted(mean, weight))")
        number += 1
      }
    }
  }
}
