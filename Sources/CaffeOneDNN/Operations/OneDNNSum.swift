internal import CaffeCore

/// A weighted sum in the layout in which the first of its sources arrives that is not plain.
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
}
