/// A weighted sum, two sources at a time; sources that are known to be zero are not read.
final class ReferenceSum: SumOperation {
  let description: SumDescription

  init(_ description: SumDescription) { self.description = description }

  func forward(_ sources: [Buffer], into destination: Buffer) {
    precondition(sources.count == description.coefficients.count, "one coefficient for each source")
    guard let first = sources.firstIndex(where: { !$0.isZero }) else { return destination.setZero() }
    // The first source may be the destination, so it goes into the first writing.
    let x = sources[first].values
    let a = description.coefficients[first]
    guard let second = sources[(first + 1)...].firstIndex(where: { !$0.isZero }) else {
      if a == 1 { return destination.copy(from: sources[first]) }
      let y = destination.uninitializedValues
      for i in 0..<y.count { y[i] = a * x[i] }
      return
    }
    let x2 = sources[second].values
    let b = description.coefficients[second]
    let y = destination.uninitializedValues
    for i in 0..<y.count { y[i] = a * x[i] + b * x2[i] }
    for index in (second + 1)..<sources.count where !sources[index].isZero {
      let x = sources[index].values
      let coefficient = description.coefficients[index]
      for i in 0..<y.count { y[i] += coefficient * x[i] }
    }
  }
}
