internal import CZlib
internal import FoundationEssentials

/// A .zip file whose members are stored or deflated, of any size (APPNOTE 6.3.10, with its Zip64 extension).
struct ZipArchive: ImageArchive {
  let names: [String]
  private let file: RandomAccessFile
  private let members: [Member]

  private struct Member {
    var isDeflated: Bool
    var checksum: Int
    var packedSize: Int
    var size: Int
    var header: Int
  }

  var path: String { file.path }

  init(_ path: String) throws(DataError) {
    file = try RandomAccessFile(path)
    var names: [String] = []
    var members: [Member] = []
    let directory = try Self.directory(of: file)
    var rest = directory[...]
    while rest.count >= 46, rest.prefix(4).littleEndian == 0x0201_4B50 {
      func field(_ offset: Int, _ count: Int) -> Int { rest.dropFirst(offset).prefix(count).littleEndian }
      let (nameCount, extraCount) = (field(28, 2), field(30, 2))
      let name = String(decoding: rest.dropFirst(46).prefix(nameCount), as: UTF8.self)
      var member = Member(
        isDeflated: field(10, 2) == 8, checksum: field(16, 4), packedSize: field(20, 4), size: field(24, 4),
        header: field(42, 4))
      Self.widen(&member, by: rest.dropFirst(46 + nameCount).prefix(extraCount))
      if !name.hasSuffix("/") {
        guard [0, 8].contains(field(10, 2)), field(8, 2) & 1 == 0 else {
          throw Self.damaged(path, "'\(name)' is packed in a way that is not supported (encrypted, or not deflated)")
        }
        names.append(name)
        members.append(member)
      }
      rest = rest.dropFirst(46 + nameCount + extraCount + field(32, 2))
    }
    // Members that lie over one another would make a small file a large one.
    let packed = members.reduce(0) { $0.addingReportingOverflow($1.packedSize).overflow ? .max : $0 + $1.packedSize }
    guard packed <= file.size else { throw Self.damaged(path, "its members are longer than the file") }
    self.names = names
    self.members = members
  }

  func size(_ place: Int) -> Int { members[place].size }

  func read(_ place: Int) throws(DataError) -> Data {
    let member = members[place]
    let header = try file.read(at: member.header, 30)
    guard header.prefix(4).littleEndian == 0x0403_4B50 else {
      throw Self.damaged(path, "'\(names[place])' does not begin where it should")
    }
    let start = member.header + 30 + header[26..<28].littleEndian + header[28..<30].littleEndian
    let packed = try file.read(at: start, member.packedSize)
    // Deflate makes at most 1032 bytes of one.
    guard member.size / 1032 <= packed.count else {
      throw Self.damaged(path, "'\(names[place])' says it has \(member.size) bytes, which is too many")
    }
    let bytes = member.isDeflated ? Self.inflate(packed, member.size) : packed
    guard let bytes, bytes.count == member.size, Int(crc32_z(0, bytes, bytes.count)) == member.checksum else {
      throw Self.damaged(path, "the contents of '\(names[place])' do not agree with their checksum")
    }
    return Data(bytes)
  }

  /// The central directory, found by the record at the end of the file.
  private static func directory(of file: RandomAccessFile) throws(DataError) -> [UInt8] {
    let tailStart = max(0, file.size - 65557)
    let tail = try file.read(at: tailStart, file.size - tailStart)
    let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    var place = tail.count - 22
    while place >= 0, !tail[place..<place + 4].elementsEqual(signature) { place -= 1 }
    guard place >= 0 else { throw damaged(file.path, "it has no directory; it was cut short") }
    var size = tail[place + 12..<place + 16].littleEndian
    var offset = tail[place + 16..<place + 20].littleEndian
    if size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF {
      let locator = try file.read(at: tailStart + place - 20, 20)
      let record = try file.read(at: try length(locator[8..<16], file), 56)
      guard record.prefix(4).littleEndian == 0x0606_4B50 else {
        throw damaged(file.path, "its directory is not where it should be")
      }
      size = try length(record[40..<48], file)
      offset = try length(record[48..<56], file)
    }
    return try file.read(at: offset, size)
  }

  /// A length or place of 64 bits, none of which is larger than the file.
  private static func length(_ bytes: ArraySlice<UInt8>, _ file: RandomAccessFile) throws(DataError) -> Int {
    guard bytes.last ?? 0 < 0x40 else { throw damaged(file.path, "it points beyond its end") }
    return bytes.littleEndian
  }

  /// Reads the 64-bit sizes that stand in an extra field when 32 bits are too few.
  private static func widen(_ member: inout Member, by extra: ArraySlice<UInt8>) {
    var rest = extra
    while rest.count >= 4 {
      let count = rest.dropFirst(2).prefix(2).littleEndian
      if rest.prefix(2).littleEndian == 1 {
        var values = rest.dropFirst(4).prefix(count)
        for field in [\Member.size, \Member.packedSize, \Member.header]
        where member[keyPath: field] == 0xFFFF_FFFF && values.count >= 8 && values[values.startIndex + 7] < 0x40 {
          member[keyPath: field] = values.prefix(8).littleEndian
          values = values.dropFirst(8)
        }
      }
      rest = rest.dropFirst(4 + count)
    }
  }

  /// Unpacks to just so many bytes; nil when that does not come out.
  private static func inflate(_ packed: [UInt8], _ size: Int) -> [UInt8]? {
    var stream = z_stream()
    // Negative: without the header of zlib.
    guard size <= Int(UInt32.max), packed.count <= Int(UInt32.max),
      inflateInit2_(&stream, -15, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { inflateEnd(&stream) }
    var input = packed
    var status = Z_OK
    let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { output, filled in
      input.withUnsafeMutableBufferPointer { input in
        stream.next_in = input.baseAddress
        stream.avail_in = CUnsignedInt(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = CUnsignedInt(size + 1)
        status = CZlib.inflate(&stream, Z_FINISH)
        filled = size + 1 - Int(stream.avail_out)
      }
    }
    return status == Z_STREAM_END ? bytes : nil
  }

  private static func damaged(_ path: String, _ problem: String) -> DataError {
    DataError(path, "the zip file is damaged: \(problem)", remedy: "get it anew, or unpack it and name the folder")
  }
}
