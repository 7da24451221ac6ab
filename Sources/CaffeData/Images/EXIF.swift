/// How the camera was held, from 1 (upright) to 8, by the EXIF tag of a JPEG file; 1 if there is none or it is damaged.
func exifOrientation(ofJPEG file: UnsafeBufferPointer<UInt8>) -> Int {
  var position = 2
  while position + 4 <= file.count, file[position] == 0xFF {
    let marker = file[position + 1]
    if marker == 0xFF {  // filling
      position += 1
      continue
    }
    let length = Int(file[position + 2]) << 8 | Int(file[position + 3])
    let end = position + 2 + length
    guard length >= 2, end <= file.count, marker != 0xDA else { return 1 }
    let body = UnsafeBufferPointer(rebasing: file[position + 4..<end])
    if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) {
      return exifOrientation(ofTIFF: UnsafeBufferPointer(rebasing: body[6...]))
    }
    position = end
  }
  return 1
}

/// The same of a PNG file.
func exifOrientation(ofPNG file: UnsafeBufferPointer<UInt8>) -> Int {
  var position = 8
  while position + 12 <= file.count {
    let length = file[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length <= file.count - position - 12 else { return 1 }
    let body = UnsafeBufferPointer(rebasing: file[position + 8..<position + 8 + length])
    if file[position + 4..<position + 8].elementsEqual("eXIf".utf8) { return exifOrientation(ofTIFF: body) }
    position += 12 + length
  }
  return 1
}

private func exifOrientation(ofTIFF tiff: UnsafeBufferPointer<UInt8>) -> Int {
  let isLittle = tiff.first == 0x49
  /// The unsigned number of `count` bytes at a place.
  func number(_ place: Int, _ count: Int) -> Int? {
    guard place >= 0, place + count <= tiff.count else { return nil }
    let bytes = tiff[place..<place + count]
    return isLittle ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : bytes.reduce(0) { $0 << 8 | Int($1) }
  }
  guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2) else { return 1 }
  for entry in 0..<entries {
    let place = directory + 2 + 12 * entry
    guard let tag = number(place, 2) else { return 1 }
    if tag == 0x0112, let value = number(place + 8, 2), (1...8).contains(value) { return value }
  }
  return 1
}
