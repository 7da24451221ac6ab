/// An array of bytes in the format of the MNIST files, plain or in gzip, read item by item.
///
/// The head is four bytes (0, 0, type 8 for unsigned bytes, number of axes) and the length of each axis in 32 bits, big
/// end first; the bytes follow in row-major order (LeCun, Cortes and Burges, "The MNIST database").
public final class IDXFile {
  /// The length of each axis; the first one counts the items.
  public let shape: [Int]
  private let reader: GzipReader
  private let itemSize: Int
  private var itemsRead = 0

  public var count: Int { shape[0] }
  public var path: String { reader.path }

  /// Opens a file that must have `axes` axes: 1 for labels, 3 for images.
  public init(path: String, axes: Int) throws(DataError) {
    reader = try GzipReader(path: path)
    let magic = try reader.read(4)
    guard magic == [0, 0, 8, UInt8(axes)] else {
      let hex = magic.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      throw DataError(
        path,
        "Incorrect file magic: it starts with 0x\(hex), but an IDX file of \(axes) axes starts with 0x0000080\(axes)",
        remedy: "give the images first and the labels second")
    }
    let lengths = try reader.read(4 * axes)
    shape = stride(from: 0, to: lengths.count, by: 4).map { start in
      lengths[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    // Three axes of 32 bits may overflow, and an item is a small picture.
    var size = 1
    for length in shape.dropFirst() {
      guard length > 0, length <= 1 << 28 / size else {
        throw DataError(
          path, "it claims items of \(shape.dropFirst()) bytes; the file is damaged", remedy: "download it again")
      }
      size *= length
    }
    itemSize = size
  }

  /// The bytes of the next item; nil behind the last one.
  ///
  /// - Throws: `DataError` when the file is shorter or longer than its head says.
  public func next() throws(DataError) -> [UInt8]? {
    guard itemsRead < count else {
      if try reader.isAtEnd() { return nil }
      throw DataError(
        path, "there are more bytes than \(count) items take; the file is damaged", remedy: "download it again")
    }
    itemsRead += 1
    return try reader.read(itemSize)
  }
}
