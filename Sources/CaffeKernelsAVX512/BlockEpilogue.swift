internal import CaffeKernels

/// An epilogue for the outputs of one block.
struct BlockEpilogue {
  private let scale: Vector
  private let shift: Vector
  private let slope: Vector
  /// Nothing is less than this, unless there is a slope: 0 for a rectifier, else −∞.
  private let floor: Vector
  let rectification: Rectification
  /// Whether the block has fewer outputs than 16.
  private let isPartial: Bool
  private let valid: SIMDMask<SIMD16<Int32>>

  enum Rectification { case none, zero, slope }

  @inline(__always)
  init(_ epilogue: Epilogue, firstOutput: Int, count: Int) {
    scale = Self.factors(epilogue.scale, firstOutput, count, default: 1)
    shift = Self.factors(epilogue.shift, firstOutput, count, default: 0)
    slope = Vector(repeating: epilogue.negativeSlope ?? 1)
    floor = Vector(repeating: epilogue.negativeSlope == 0 ? 0 : -.infinity)
    rectification = epilogue.negativeSlope.map { $0 == 0 ? .zero : .slope } ?? .none
    isPartial = count < 16
    let lanes = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    valid = (lanes .< SIMD16<Int32>(repeating: Int32(truncatingIfNeeded: count)))
  }

  @inline(__always)
  private static func factors(
    _ values: UnsafePointer<Float>?, _ first: Int, _ count: Int, default number: Float
  ) -> Vector {
    guard let values else { return Vector(repeating: number) }
    if count >= 16 { return values.load(first) }
    var vector = Vector(repeating: number)
    for i in 0..<count { vector[i] = values[first &+ i] }
    return vector
  }

  @inline(__always)
  func scaled(_ sum: Vector) -> Vector { shift.addingProduct(scale, sum) }

  /// Whether `raised` does what `finished` does.
  var isSimple: Bool { !isPartial && rectification != .slope }

  /// All rectifications but by a slope, without asking which, in one instruction. What is not a number stays so, and so
  /// does the sign of a zero, as in the original.
  @inline(__always)
  func raised(_ y: Vector) -> Vector { y.replacing(with: floor, where: y .< floor) }

  @inline(__always)
  func sloped(_ y: Vector) -> Vector {
    var y = y
    y.replace(with: y * slope, where: y .<= .zero)
    return y
  }

  /// What is scaled, and has its addend, as it is stored.
  @inline(__always)
  func finished(_ y: Vector) -> Vector {
    var y = rectification == .slope ? sloped(y) : raised(y)
    // Padding stays zero even where a sum is not a number.
    if isPartial { y = Vector.zero.replacing(with: y, where: valid) }
    return y
  }
}

/// An epilogue for the outputs of two neighbouring blocks, or of a last one.
struct PairEpilogue {
  let first: BlockEpilogue
  let second: BlockEpilogue

  @inline(__always)
  init(_ epilogue: Epilogue, firstOutput: Int, outputs: Int) {
    let count = outputs &- firstOutput
    first = BlockEpilogue(epilogue, firstOutput: firstOutput, count: min(16, count))
    second = count > 16 ? BlockEpilogue(epilogue, firstOutput: firstOutput &+ 16, count: min(16, count &- 16)) : first
  }

  /// Whether `scaled` and `raised` are all there is to do.
  var isSimple: Bool { first.isSimple && second.isSimple }
}
