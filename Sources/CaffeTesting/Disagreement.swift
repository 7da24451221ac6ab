/// A place in which a result is not what it should be.
public struct Disagreement: Hashable, Sendable {
  /// What was looked at, such as `step1/bottom_diff/data`.
  public var place: String
  /// The position in row-major order, where the place is an array.
  public var index: Int?
  public var expected: String
  public var actual: String

  public init(place: String, index: Int? = nil, expected: String, actual: String) {
    self.place = place
    self.index = index
    self.expected = expected
    self.actual = actual
  }
}

extension Disagreement: CustomStringConvertible {
  public var description: String { "\(place)\(index.map { "[\($0)]" } ?? ""): expected \(expected), found \(actual)" }
}

/// Compares results with expectations: `a` agrees with `b` when |a − b| ≤ tolerance · max(1, |b|). NaN agrees with NaN, and an
/// infinity with itself alone.
///
/// - Returns: a `Disagreement` for each pair that does not agree, or one for two different counts.
public func disagreements(
  _ actual: some Collection<Float>, _ expected: some Collection<Float>, tolerance: Float, at place: String = "values"
) -> [Disagreement] {
  guard actual.count == expected.count else {
    return [Disagreement(place: place, expected: "\(expected.count) values", actual: "\(actual.count)")]
  }
  return zip(actual, expected).enumerated().compactMap { index, pair in
    let (a, b) = pair
    if a == b || (a.isNaN && b.isNaN) || (b.isFinite && abs(a - b) <= tolerance * max(1, abs(b))) { return nil }
    return Disagreement(place: place, index: index, expected: "\(b)", actual: "\(a)")
  }
}

/// What a check throws when something did not hold.
public struct CheckFailure: Error, CustomStringConvertible {
  public var subject: String
  public var disagreements: [Disagreement]

  /// The first ten disagreements, a line each.
  public var description: String {
    let lines = disagreements.prefix(10).map { "\n  \($0)" }.joined()
    let rest = disagreements.count > 10 ? "\n  … and \(disagreements.count - 10) more" : ""
    return "\(subject): \(disagreements.count) disagreements\(lines)\(rest)"
  }

  /// Throws unless the list is empty.
  static func check(_ subject: String, _ disagreements: [Disagreement]) throws {
    guard !disagreements.isEmpty else { return }
    throw CheckFailure(subject: subject, disagreements: disagreements)
  }
}

/// Gathers disagreements under one tolerance.
struct Comparison {
  var tolerance: Float
  private(set) var disagreements: [Disagreement] = []

  init(tolerance: Float) { self.tolerance = tolerance }

  mutating func compare(_ actual: some Collection<Float>, _ expected: some Collection<Float>, at place: String) {
    disagreements += CaffeTesting.disagreements(actual, expected, tolerance: tolerance, at: place)
  }

  mutating func compareExactly<Value: Equatable>(_ actual: Value, _ expected: Value, at place: String) {
    if actual != expected { note(place, expected: "\(expected)", actual: "\(actual)") }
  }

  mutating func note(_ place: String, expected: String, actual: String) {
    disagreements.append(Disagreement(place: place, expected: expected, actual: actual))
  }

  mutating func append(_ more: [Disagreement]) { disagreements += more }
}
