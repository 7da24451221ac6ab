/// Pooling window by window, plane by plane.
final class ReferencePooling: PoolingOperation {
  let description: PoolingDescription
  /// Where the last forward pass found each maximum inside its plane, −1 for none.
  private var winners: [Int32]

  init(_ description: PoolingDescription) {
    self.description = description
    let isNeeded = description.method == .maximum && description.isDifferentiated
    winners = Array(repeating: -1, count: isNeeded ? description.destination.count : 0)
  }

  func forward(_ source: Buffer, into destination: Buffer, mask: Buffer?) {
    let x = source.values.baseAddress!
    let y = destination.uninitializedValues.baseAddress!
    switch description.method {
    case .maximum:
      let mask = mask?.uninitializedValues
      winners.withUnsafeMutableBufferPointer { winners in
        forEachWindow { plane, target, window in
          let (value, index) = maximum(of: x + plane, in: window)
          y[target] = value
          mask?[target] = Float(index)
          if !winners.isEmpty { winners[target] = Int32(truncatingIfNeeded: index) }
        }
      }
    case .average:
      forEachWindow { plane, target, window in
        y[target] = sum(of: x + plane, in: window) / Float(window.divisor)
      }
    }
  }

  func backward(_ destinationDiff: Buffer, into sourceDiff: Buffer) {
    let dy = destinationDiff.values.baseAddress!
    let dx = sourceDiff.uninitializedValues.baseAddress!
    dx.update(repeating: 0, count: sourceDiff.count)
    switch description.method {
    case .maximum:
      precondition(!winners.isEmpty || destinationDiff.count == 0, "this pooling was not made to be differentiated")
      let planeSize = description.input[0] * description.input[1]
      let outputSize = description.output[0] * description.output[1]
      for i in winners.indices where winners[i] >= 0 { dx[i / outputSize * planeSize + Int(winners[i])] += dy[i] }
    case .average:
      let width = description.input[1]
      forEachWindow { plane, target, window in
        let share = dy[target] / Float(window.divisor)
        for h in window.rows {
          for w in window.columns { dx[plane + h * width + w] += share }
        }
      }
    }
  }

  /// The part of a window that lies in the image, and how many pixels of image and padding it covers.
  private struct Window {
    var rows: Range<Int>
    var columns: Range<Int>
    var divisor: Int
  }

  /// Calls `body` with the start of the plane in the source, the index in the destination, and the window.
  private func forEachWindow(_ body: (_ plane: Int, _ target: Int, _ window: Window) -> Void) {
    let planeSize = description.input[0] * description.input[1]
    var target = 0
    for plane in 0..<description.batch * description.channels {
      for h in 0..<description.output[0] {
        let (rows, height) = extent(of: h, axis: 0)
        for w in 0..<description.output[1] {
          let (columns, width) = extent(of: w, axis: 1)
          body(plane * planeSize, target, Window(rows: rows, columns: columns, divisor: height * width))
          target += 1
        }
      }
    }
  }

  /// The pixels that window `q` covers along one axis, and its length with padding. Without padding, rounding up can make a
  /// window that starts behind the image: it covers nothing.
  private func extent(of q: Int, axis: Int) -> (pixels: Range<Int>, length: Int) {
    let start = q * description.stride[axis] - description.pad[axis]
    let end = min(start + description.kernel[axis], description.input[axis] + description.pad[axis])
    let first = max(start, 0)
    return (first..<max(first, min(end, description.input[axis])), end - start)
  }

  private func maximum(of plane: UnsafePointer<Float>, in window: Window) -> (value: Float, index: Int) {
    var value = -Float.greatestFiniteMagnitude
    var index = -1
    for h in window.rows {
      let row = h * description.input[1]
      for w in window.columns where plane[row + w] > value {
        value = plane[row + w]
        index = row + w
      }
    }
    return (value, index)
  }

  private func sum(of plane: UnsafePointer<Float>, in window: Window) -> Float {
    var total: Float = 0
    for h in window.rows {
      let row = h * description.input[1]
      for w in window.columns { total += plane[row + w] }
    }
    return total
  }
}
