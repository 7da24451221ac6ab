internal import CaffeCore

/// A scale and an offset for each channel of tensors in blocks of channels, as formulas.
final class OneDNNChannelAffine: ChannelAffineOperation {
  let description: ChannelAffineDescription
  private let runtime: Runtime

  init(_ description: ChannelAffineDescription, on runtime: Runtime) {
    self.description = description
    self.runtime = runtime
  }

  private func blocks(_ buffer: Buffer) -> (Layout, Blocks)? {
    guard let layout = buffer.currentLayout(of: description.shape.dimensions), let blocks = Blocks(layout) else {
      return nil
    }
    return (layout, blocks)
  }

  func serves(_ source: Buffer) -> Bool { blocks(source) != nil }

  func forward(_ source: Buffer, scale: Buffer, offset: Buffer?, into destination: Buffer) {
    guard let (layout, blocks) = blocks(source) else { preconditionFailure("a source in another layout") }
    let values = source.deferred(in: layout, blocks, on: runtime)
    var formula = values.formulaOrValues
    if formula.isRectified { formula = Deferred.Formula(terms: [.init(source: values.memory(on: runtime))]) }
    let offset = offset.map { channelValues($0, blocks) } ?? ChannelValues(blocks)
    formula = formula.scaled(by: channelValues(scale, blocks), plus: offset)
    destination.define(by: Deferred(formula, layout, blocks), on: runtime)
  }

  func backwardParameters(
    _ destinationDiff: Buffer, at source: Buffer, scale scaleDiff: Buffer?, offset offsetDiff: Buffer?
  ) {
    guard scaleDiff != nil || offsetDiff != nil else { return }
    guard let (layout, blocks) = blocks(destinationDiff) else { preconditionFailure("a gradient in another layout") }
    let dy = destinationDiff.deferred(in: layout, blocks, on: runtime)
    let values = source.deferred(in: layout, blocks, on: runtime)
    // x = a · z + b, where the sums are those with z.
    let (z, a, b) = values.affineOrValues(on: runtime)
    let middle = ChannelValues(blocks, channels: description.channels) { c in
      guard let a, let b, a[c] != 0 else { return 0 }
      return -b[c] / a[c]
    }
    let sums = dy.sums(with: z, shift: middle, on: runtime)
    if let db = offsetDiff?.mutableValues {
      for c in 0..<description.channels { db[c] += sums.total[c] }
    }
    if let ds = scaleDiff?.mutableValues {
      for c in 0..<description.channels {
        let slope = a?[c] ?? 1
        ds[c] += slope * sums.product[c] + (slope * sums.shift[c] + (b?[c] ?? 0)) * sums.total[c]
      }
    }
  }

  func backwardData(_ destinationDiff: Buffer, scale: Buffer, into sourceDiff: Buffer) {
    guard let (layout, blocks) = blocks(destinationDiff) else { preconditionFailure("a gradient in another layout") }
    let dy = destinationDiff.deferred(in: layout, blocks, on: runtime)
    let scale = channelValues(scale, blocks)
    let dx = Deferred(dy.formulaOrValues.scaled(by: scale), layout, blocks)
    dx.sums = dy.sums?.scaled(by: scale)
    sourceDiff.define(by: dx, on: runtime)
  }

  private func channelValues(_ buffer: Buffer, _ blocks: Blocks) -> ChannelValues {
    ChannelValues(blocks, buffer.values.baseAddress!, count: description.channels)
  }
}
