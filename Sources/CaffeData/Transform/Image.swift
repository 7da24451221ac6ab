public import CaffeCore
public import CaffeProto
public import FoundationEssentials

/// The extents of an image: channels × height × width.
public struct ImageShape: Hashable, Sendable, CustomStringConvertible {
  public var channels: Int
  public var height: Int
  public var width: Int

  public init(_ channels: Int, _ height: Int, _ width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
  }

  public var count: Int { channels * height * width }
  public var description: String { "\(channels)x\(height)x\(width)" }
}

/// An image, or any other array of three axes, before it is transformed: C×H×W in row-major order, colours in the order
/// blue, green, red.
public struct Image: Sendable {
  public let shape: ImageShape
  public let pixels: Pixels

  public enum Pixels: Sendable {
    case bytes(Data)
    case floats([Float])

    var count: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .floats(let values): values.count
      }
    }
  }

  /// - Throws: `NetError` when there are not as many pixels as the shape says.
  public init(_ shape: ImageShape, _ pixels: Pixels) throws(NetError) {
    // Each extent comes from 32 bits, so two of them cannot overflow, but three can.
    let extents = [shape.channels, shape.height, shape.width]
    guard extents.allSatisfy({ (1...Int(Int32.max)).contains($0) }),
      shape.height * shape.width <= Int(Int32.max), shape.count == pixels.count
    else {
      throw NetError(
        "the record says it is \(shape), but it holds \(pixels.count) values", remedy: "write the database anew")
    }
    self.shape = shape
    self.pixels = pixels
  }

  /// The image in a record: its bytes, or its floats when there are no bytes, or what its image file shows.
  ///
  /// - Parameter report: Told what is wrong with a file that could be read in part only.
  public init(
    _ datum: Datum, _ options: DecodingOptions = DecodingOptions(), report: (String) -> Void = { _ in }
  ) throws(NetError) {
    if datum.encoded {
      try self.init(Bitmap(decoding: datum.data, options, report: report))
    } else {
      let shape = ImageShape(Int(datum.channels), Int(datum.height), Int(datum.width))
      try self.init(shape, datum.data.isEmpty ? .floats(datum.floatData) : .bytes(datum.data))
    }
  }
}

/// Which channels an image file is decoded to.
public enum ColorMode: Hashable, Sendable {
  /// As many as the file has, alpha included.
  case asStored
  /// Three: blue, green, red.
  case color
  /// One.
  case gray
}
