/// The extents of an N-dimensional array, outermost axis first (row-major).
///
/// A shape without axes is a scalar and counts one element.
public struct Shape: Hashable, Sendable {
  public private(set) var dimensions: [Int]

  /// The product of all extents: how many elements an array of this shape has; the greatest number where there are more.
  public private(set) var count: Int

  /// The most axes a blob may have.
  public static let maximumRank = 32

  public init(_ dimensions: [Int]) {
    precondition(dimensions.allSatisfy { $0 >= 0 }, "a dimension is negative")
    self.dimensions = dimensions
    count = dimensions.contains(0) ? 0 : dimensions.reduce(1, saturatingProduct)
  }

  /// - Throws: `NetError` when there are more elements than a blob may have.
  func requireCountable() throws(NetError) {
    guard count <= Int(Int32.max) else {
      throw NetError("blob size exceeds INT_MAX: \(dimensions.map { "\($0)" }.joined(separator: " "))")
    }
  }

  /// A shape from numbers that a user wrote.
  ///
  /// - Throws: `NetError` when there are more than 32 axes, a dimension is negative, or the count does not fit 32 bits.
  public init<Number: BinaryInteger>(checking dimensions: some Sequence<Number>) throws(NetError) {
    var checked: [Int] = []
    var count = 1
    for dimension in dimensions {
      guard let extent = Int(exactly: dimension), extent >= 0 else {
        throw NetError("dimension \(checked.count) is \(dimension), but a dimension is at least 0")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= Int(Int32.max) else {
        throw NetError("blob size exceeds INT_MAX: \(dimensions.map { "\($0)" }.joined(separator: " "))")
      }
      count = product
      checked.append(extent)
    }
    guard checked.count <= Self.maximumRank else {
      throw NetError("a blob has at most \(Self.maximumRank) axes, not \(checked.count)")
    }
    self.dimensions = checked
    self.count = count
  }

  public static let scalar = Shape([])

  /// The number of axes.
  public var rank: Int { dimensions.count }

  public subscript(axis: Int) -> Int {
    get { dimensions[axis] }
    set { self = Shape(dimensions.replacing(axis, with: newValue)) }
  }

  /// The product of the extents of `axes`: `count(1...)` is the size of one item of a batch.
  public func count(_ axes: some RangeExpression<Int>) -> Int {
    axes.relative(to: dimensions.indices).reduce(1) { saturatingProduct($0, dimensions[$1]) }
  }

  /// The axes of the range as a shape of their own.
  public func axes(_ range: some RangeExpression<Int>) -> [Int] {
    Array(dimensions[range.relative(to: dimensions.indices)])
  }

  /// Resolves an axis number; negative numbers count from the end, −1 being the last axis.
  ///
  /// - Throws: `NetError` when there is no such axis.
  public func axis(_ index: Int) throws(NetError) -> Int {
    guard -rank <= index, index < rank else {
      throw NetError("axis \(index) out of range for \(rank)-D Blob with shape \(self)")
    }
    return index < 0 ? index + rank : index
  }

  /// The extent of an axis as old four-dimensional files know it: axes that are missing count 1.
  public func legacy(_ axis: Int) -> Int { axis < rank ? dimensions[axis] : 1 }
}

extension Shape: ExpressibleByArrayLiteral {
  public init(arrayLiteral dimensions: Int...) { self.init(dimensions) }
}

extension Shape: CustomStringConvertible {
  /// Each extent followed by a space, then the count in parentheses: `64 3 227 227 (9893568)`.
  public var description: String { dimensions.map { "\($0) " }.joined() + "(\(count))" }
}

/// The product of two extents, or the greatest number.
private func saturatingProduct(_ a: Int, _ b: Int) -> Int {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? .max : product
}

extension [Int] {
  func replacing(_ index: Int, with value: Int) -> [Int] {
    var copy = self
    copy[index] = value
    return copy
  }
}
