internal import CaffeCore

/// A weighted sum in the layout in which the first of its sources arrives that is not plain. In blocks of channels, plain sums
/// are formulas.
///
/// The additions are made in the order of the sources, two at a time, as the reference makes them.
final class OneDNNSum: SumOperation {
  let description: SumDescription
  private let runtime: Runtime

  init(_ description: SumDescription, on runtime: Runtime) {
    self.description = description
    self.runtime = runtime
  }

  func forward(_ sources: [Buffer], into destination: Buffer) {
    precondition(sources.count == description.coefficients.count, "one coefficient for each source")
    let dimensions = description.shape.dimensions
    var layout: Layout?
    for source in sources where layout == nil { layout = source.currentLayout(of: dimensions) }
    if let layout, let blocks = Blocks(layout), description.coefficients.allSatisfy({ $0 == 1 }),
      let formula = formula(sources.filter { !$0.isZero }, layout, blocks)
    {
      return destination.define(by: Deferred(formula, layout, blocks), on: runtime)
    }
    let count = layout?.storedCount ?? description.shape.count
    // The first source may be the destination, so it goes into the first writing.
    guard let first = sources.firstIndex(where: { !$0.isZero }) else { return destination.setZero() }
    let a = description.coefficients[first]
    let x = sources[first].pointer(reading: layout, on: runtime)
    guard let second = sources[(first + 1)...].firstIndex(where: { !$0.isZero }) else {
      let y = destination.pointer(overwriting: layout, on: runtime)
      return runtime.parallelFor(count) { transform($0, x, into: y) { a * $0 } }
    }
    let b = description.coefficients[second]
    let x2 = sources[second].pointer(reading: layout, on: runtime)
    let y = destination.pointer(overwriting: layout, on: runtime)
    runtime.parallelFor(count) { transform($0, x, x2, into: y) { a * $0 + b * $1 } }
    for index in (second + 1)..<sources.count where !sources[index].isZero {
      let coefficient = description.coefficients[index]
      let x = sources[index].pointer(reading: layout, on: runtime)
      runtime.parallelFor(count) { transform($0, y, x, into: y) { $0 + coefficient * $1 } }
    }
  }

  /// The sum of all terms of the sources.
  private func formula(_ sources: [Buffer], _ layout: Layout, _ blocks: Blocks) -> Deferred.Formula? {
    guard !sources.isEmpty else { return nil }
    var sum = Deferred.Formula(terms: [])
    for source in sources {
      let values = source.deferred(in: layout, blocks, on: runtime)
      var formula = values.formulaOrValues
      if formula.isRectified || formula.terms.contains(where: { $0.gate != nil }) {
        formula = Deferred.Formula(terms: [.init(source: values.memory(on: runtime))])
      }
      sum.terms += formula.terms
      sum.offset = if let a = sum.offset, let b = formula.offset { a + b } else { sum.offset ?? formula.offset }
    }
    return sum
  }
}
