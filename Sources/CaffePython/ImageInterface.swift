import Caffe
import CaffeDrawing
import CaffeProto
import FoundationEssentials

/// Reads an image file as OpenCV does, the bytes of a pixel in the order blue, green, red; `isColor` says whether it has three
/// channels or one. Extents are height, width, channels.
@_cdecl("caffe_image_read")
public func imageRead(_ path: CString?, _ isColor: Bool, _ pixels: Place?, _ extents: UnsafeMutablePointer<Int>?)
  -> CText?
{
  attempt {
    let path = try string(path, "the path")
    let bytes: Data
    do { bytes = try fileContents(path) } catch { throw NetError("Could not open file \(path): \(error)") }
    try giveImage(bytes, isColor, pixels, extents, name: path)
  }
}

/// Decodes the bytes of such a file.
@_cdecl("caffe_image_decode")
public func imageDecode(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ isColor: Bool, _ pixels: Place?,
  _ extents: UnsafeMutablePointer<Int>?
) -> CText? {
  attempt { try giveImage(Data(try values(bytes, count, "bytes")), isColor, pixels, extents, name: "image") }
}

/// Decodes a PNG file of 16 bits a sample: unsigned numbers in the machine's order, gray or red, green, blue.
@_cdecl("caffe_image_decode_png16")
public func imageDecodePNG16(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int, _ samples: Place?, _ extents: UnsafeMutablePointer<Int>?
) -> CText? {
  attempt {
    let extents = try required(extents, "the extents")
    let image = try DeepImage(png: values(bytes, count, "bytes"))
    var count = 0
    try give(image.samples.withUnsafeBytes { Array($0) }, samples, &count)
    (extents[0], extents[1], extents[2]) = (image.height, image.width, image.channels)
  }
}

private func giveImage(
  _ bytes: Data, _ isColor: Bool, _ pixels: Place?, _ extents: UnsafeMutablePointer<Int>?, name: String
) throws {
  let extents = try required(extents, "the extents")
  let image: Bitmap
  do throws(NetError) {
    // As scikit-image does for the original: EXIF is ignored, and a file that was cut short is an error.
    let options = DecodingOptions(color: isColor ? .color : .gray, obeysOrientation: false)
    var flaw: String?
    image = try Bitmap(decoding: bytes, options) { flaw = $0 }
    if let flaw { throw NetError(flaw) }
  } catch { throw NetError("\(name): \(error.problem)") }
  var count = 0
  try give(image.pixels, pixels, &count)
  (extents[0], extents[1], extents[2]) = (image.height, image.width, image.channels)
}

/// Writes a PNG or JPEG file, as the name ends.
@_cdecl("caffe_image_write")
public func imageWrite(
  _ path: CString?, _ pixels: UnsafePointer<UInt8>?, _ height: Int, _ width: Int, _ channels: Int
) -> CText? {
  attempt {
    let path = try string(path, "the path")
    let image = try bitmap(pixels, height, width, channels)
    let isJPEG = [".jpg", ".jpeg"].contains { path.lowercased().hasSuffix($0) }
    guard isJPEG || path.lowercased().hasSuffix(".png") else {
      throw NetError("\(path): give a name that ends in .png, .jpg or .jpeg")
    }
    let bytes = try isJPEG ? image.jpeg() : image.png()
    do throws(FileWriteError) { try AtomicFile.write(bytes, to: path, isLasting: false) } catch {
      throw NetError("cannot write \(path): \(error.reason)", remedy: error.remedy ?? "choose another place")
    }
  }
}

/// Resizes as OpenCV's INTER_LINEAR does on bytes; `result` has room for the new pixels.
@_cdecl("caffe_image_resize")
public func imageResize(
  _ pixels: UnsafePointer<UInt8>?, _ height: Int, _ width: Int, _ channels: Int, _ newHeight: Int, _ newWidth: Int,
  _ result: UnsafeMutablePointer<UInt8>?
) -> CText? {
  attempt {
    try checkSize(newHeight, newWidth, channels)
    let result = try required(result, "the result")
    let resized = try bitmap(pixels, height, width, channels).resized(height: newHeight, width: newWidth)
    resized.pixels.withUnsafeBufferPointer {
      if let start = $0.baseAddress { result.update(from: start, count: $0.count) }
    }
  }
}

private func bitmap(_ pixels: UnsafePointer<UInt8>?, _ height: Int, _ width: Int, _ channels: Int) throws -> Bitmap {
  let count = try checkSize(height, width, channels)
  return Bitmap(height: height, width: width, channels: channels, pixels: Array(try values(pixels, count, "bytes")))
}

/// How many bytes an image has.
@discardableResult
private func checkSize(_ height: Int, _ width: Int, _ channels: Int) throws(NetError) -> Int {
  guard height > 0, width > 0, [1, 3, 4].contains(channels) else {
    throw NetError("an image has pixels, of 1, 3 or 4 channels each; this one is \(height)x\(width)x\(channels)")
  }
  return try Shape(checking: [height, width, channels]).count
}

/// Draws the layers of a net given as prototxt, of a phase or, at -1, of both; the format is svg or png.
@_cdecl("caffe_draw_net")
public func drawNet(
  _ definition: CString?, _ direction: CString?, _ format: CString?, _ phase: CInt, _ showsRates: Bool,
  _ picture: Place?, _ count: UnsafeMutablePointer<Int>?
) -> CText? {
  attempt {
    let (direction, format) = (try string(direction, "the direction"), try string(format, "the format"))
    guard let direction = NetDrawing.Direction(rawValue: direction) else {
      throw NetError("the direction is \(direction), but it must be LR, RL, TB or BT")
    }
    guard let format = Drawing.Format(rawValue: format) else {
      throw NetError("the format is \(format), but it must be svg or png")
    }
    guard let phase = phase == -1 ? .some(nil) : Phase(rawValue: Int(phase)).map(Optional.some) else {
      throw NetError("the phase is \(phase), but it must be caffe.TRAIN (0), caffe.TEST (1) or None")
    }
    let net = try NetDrawing(
      NetDefinition(text: string(definition, "the definition"), file: "net"), phase: phase, showsRates: showsRates)
    try give(try net.drawing(direction).encoded(as: format), picture, count)
  }
}
