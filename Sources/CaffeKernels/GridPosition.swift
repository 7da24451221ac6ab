/// Where the n-th part of a batch lies, if each item is cut into rows of so many parts.
@frozen
public struct GridPosition {
  public var item: Int
  public var row: Int
  public var column: Int

  @inlinable @inline(__always)
  public init(_ index: Int, rows: Int, columns: Int) {
    let line = index / columns
    item = line / rows
    row = line &- item &* rows
    column = index &- line &* columns
  }

  /// Goes on to the next one.
  @inlinable @inline(__always)
  public mutating func advance(rows: Int, columns: Int) {
    column &+= 1
    guard column == columns else { return }
    column = 0
    row &+= 1
    guard row == rows else { return }
    row = 0
    item &+= 1
  }
}
