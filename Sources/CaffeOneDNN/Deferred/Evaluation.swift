internal import CaffeKernels

#if canImport(CaffeKernelsAVX512)
  internal import CaffeKernelsAVX512
#endif

/// A formula with the addresses of everything in it, ready to be computed by several threads.
struct Evaluation {
  private let sum: ChannelSum
  private let width: Int
  /// For keeping everything in memory.
  private let formula: Deferred.Formula

  init(_ formula: Deferred.Formula, _ blocks: Blocks) {
    sum = ChannelSum(
      formula.terms.map(Self.term), offset: (formula.offset?.values).map { UnsafePointer($0) },
      isRectified: formula.isRectified)
    width = blocks.width
    self.formula = formula
  }

  private static func term(_ term: Deferred.Term) -> ChannelSum.Term {
    var gate = ChannelSum.Gate.open
    if let other = term.gate {
      if let (x, a, b) = other.affine {
        gate = .positiveSum(x: UnsafePointer(x.values), a: (a?.values).map { UnsafePointer($0) }, b: b.values)
      } else {
        gate = .positive(UnsafePointer(other.formulaOrValues.terms[0].source.values))
      }
    }
    return ChannelSum.Term(
      x: UnsafePointer(term.source.values), scale: (term.scale?.values).map { UnsafePointer($0) }, gate: gate)
  }

  /// Writes the values of a chunk; `y` may be where the first source has them.
  func run(_ chunk: ChannelChunk, into y: UnsafeMutablePointer<Float>) {
    #if canImport(CaffeKernelsAVX512)
      if width == 16, Instructions.hasAVX512 { return ChannelKernels.run(sum, chunk, into: y) }
    #endif
    if width == 16 { sum.run(chunk, into: y, SIMD16<Float>.self) } else { sum.run(chunk, into: y, SIMD8<Float>.self) }
  }
}
