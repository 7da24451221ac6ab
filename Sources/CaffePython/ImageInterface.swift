import Caffe
import CaffeDrawing
import FoundationEssentials

/// Reads a JPEG or PNG file as OpenCV does, the bytes of a pixel in the order blue, green, red; `isColor` says whether it has
/// three channels or one. Extents are height, width, channels.
@_cdecl("caffe_image_read")
public func imageRead(
  _ path: CString, _ isColor: Bool, _ pixels: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
  _ extents: UnsafeMutablePointer<Int>
) -> CText? {
  attempt {
    let path = String(cString: path)
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(filePath: path)) } catch { throw NetError("Could not open file \(path)") }
    try giveImage(bytes, isColor, pixels, extents, name: path)
  }
}

/// Decodes the bytes of such a file.
@_cdecl("caffe_image_decode")
public func imageDecode(
  _ bytes: UnsafePointer<UInt8>, _ count: Int, _ isColor: Bool,
  _ pixels: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ extents: UnsafeMutablePointer<Int>
) -> CText? {
  attempt {
    try giveImage(Data(UnsafeBufferPointer(start: bytes, count: count)), isColor, pixels, extents, name: "image")
  }
}

private func giveImage(
  _ bytes: Data, _ isColor: Bool, _ pixels: UnsafeMutablePointer<UnsafeMutableRawPointer?>,
  _ extents: UnsafeMutablePointer<Int>, name: String
) throws {
  let image: Bitmap
  do throws(NetError) {
    // As scikit-image does for the original: EXIF is ignored, and a file that was cut short is an error.
    let options = DecodingOptions(color: isColor ? .color : .gray, obeysOrientation: false)
    var flaw: String?
    image = try Bitmap(decoding: bytes, options) { flaw = $0 }
    if let flaw { throw NetError(flaw) }
  } catch { throw NetError("\(name): \(error.problem)") }
  var count = 0
  give(image.pixels, pixels, &count)
  (extents[0], extents[1], extents[2]) = (image.height, image.width, image.channels)
}

/// Writes a PNG or JPEG file, as the name ends.
@_cdecl("caffe_image_write")
public func imageWrite(_ path: CString, _ pixels: UnsafePointer<UInt8>, _ height: Int, _ width: Int, _ channels: Int)
  -> CText?
{
  attempt {
    let path = String(cString: path)
    let image = try bitmap(pixels, height, width, channels)
    let isJPEG = [".jpg", ".jpeg"].contains { path.lowercased().hasSuffix($0) }
    guard isJPEG || path.lowercased().hasSuffix(".png") else {
      throw NetError("\(path): give a name that ends in .png, .jpg or .jpeg")
    }
    try (isJPEG ? image.jpeg() : image.png()).write(to: URL(filePath: path))
  }
}

/// Resizes as OpenCV's INTER_LINEAR does on bytes; `result` has room for the new pixels.
@_cdecl("caffe_image_resize")
public func imageResize(
  _ pixels: UnsafePointer<UInt8>, _ height: Int, _ width: Int, _ channels: Int, _ newHeight: Int, _ newWidth: Int,
  _ result: UnsafeMutablePointer<UInt8>
) -> CText? {
  attempt {
    guard newHeight > 0, newWidth > 0 else {
      throw NetError("the new size is \(newHeight)x\(newWidth): it must be positive")
    }
    let resized = try bitmap(pixels, height, width, channels).resized(height: newHeight, width: newWidth)
    resized.pixels.withUnsafeBufferPointer { result.update(from: $0.baseAddress!, count: $0.count) }
  }
}

private func bitmap(_ pixels: UnsafePointer<UInt8>, _ height: Int, _ width: Int, _ channels: Int) throws -> Bitmap {
  guard height > 0, width > 0, [1, 3, 4].contains(channels) else {
    throw NetError("an image has pixels, of 1, 3 or 4 channels each; this one is \(height)x\(width)x\(channels)")
  }
  let count = height * width * channels
  return Bitmap(
    height: height, width: width, channels: channels, pixels: Array(UnsafeBufferPointer(start: pixels, count: count)))
}

/// Draws the layers of a net given as prototxt, of a phase or, at -1, of both; the format is svg or png.
@_cdecl("caffe_draw_net")
public func drawNet(
  _ definition: CString, _ direction: CString, _ format: CString, _ phase: CInt, _ showsRates: Bool,
  _ picture: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ count: UnsafeMutablePointer<Int>
) -> CText? {
  attempt {
    let (direction, format) = (String(cString: direction), String(cString: format))
    guard let direction = NetDrawing.Direction(rawValue: direction) else {
      throw NetError("the direction is \(direction), but it must be LR, RL, TB or BT")
    }
    guard let format = Drawing.Format(rawValue: format) else {
      throw NetError("the format is \(format), but it must be svg or png")
    }
    let net = try NetDrawing(
      NetDefinition(text: String(cString: definition), file: "net"), phase: Phase(rawValue: Int(phase)),
      showsRates: showsRates)
    give(try net.drawing(direction).encoded(as: format), picture, count)
  }
}
