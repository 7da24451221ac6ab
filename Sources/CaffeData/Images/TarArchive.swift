internal import FoundationEssentials

/// A .tar file (POSIX ustar, with the long names of GNU and pax), packed by gzip or not.
struct TarArchive: ImageArchive {
  let names: [String]
  private let file: RandomAccessFile
  private let members: [(offset: Int, size: Int)]

  var path: String { file.path }

  init(_ path: String) throws(DataError) {
    var file = try RandomAccessFile(path)
    let isPacked = try file.read(at: 0, upTo: 2) == [0x1F, 0x8B]
    if isPacked { file = try RandomAccessFile(unpacking: path) }
    func damaged(_ problem: String) -> DataError {
      DataError(path, "the tar file is damaged: \(problem)", remedy: "get it anew")
    }
    var names: [String] = []
    var members: [(offset: Int, size: Int)] = []
    var longName: String?
    var offset = 0
    // Two blocks of zeros mark the end, and not every program writes them.
    while offset + 512 <= file.size {
      let header = try file.read(at: offset, 512)
      if header.allSatisfy({ $0 == 0 }) { break }
      guard Self.number(header[148..<156]) == Self.checksum(header) else {
        if isPacked, offset == 0 { throw Self.packedOtherwise(path) }
        throw damaged("the header at byte \(offset) has a wrong checksum")
      }
      guard let size = Self.number(header[124..<136]), size <= file.size - offset - 512 else {
        throw damaged("the file at byte \(offset) is longer than the archive")
      }
      let start = offset + 512
      offset = start + (size + 511) / 512 * 512
      switch header[156] {
      case UInt8(ascii: "L"):
        longName = Self.text(try file.read(at: start, min(size, 1 << 16)))
      case UInt8(ascii: "x"):
        longName = Self.paxPath(try file.read(at: start, min(size, 1 << 20))) ?? longName
      case UInt8(ascii: "0"), 0:
        let prefix = header[257..<263].elementsEqual("ustar\0".utf8) ? Self.text(header[345..<500]) : ""
        let name = Self.text(header[0..<100])
        names.append(longName ?? (prefix.isEmpty ? name : prefix + "/" + name))
        members.append((start, size))
        longName = nil
      default:
        longName = nil
      }
    }
    if isPacked, names.isEmpty, offset == 0, file.size > 0 { throw Self.packedOtherwise(path) }
    self.file = file
    self.names = names
    self.members = members
  }

  func size(_ place: Int) -> Int { members[place].size }

  func read(_ place: Int) throws(DataError) -> Data {
    Data(try file.read(at: members[place].offset, members[place].size))
  }

  private static func packedOtherwise(_ path: String) -> DataError {
    DataError(
      path, "it is packed with gzip, and what is in it is no tar file",
      remedy: "if it is a list of images, unpack it with gunzip; otherwise get it anew")
  }

  /// A number in octal digits, or in the bytes themselves when it is large.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if field.first == 0x80 {
      return field.dropFirst(field.count - 8).reduce(0 as Int?) { sum, byte in
        sum.flatMap { $0 < 1 << 54 ? $0 << 8 | Int(byte) : nil }
      }
    }
    let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
    return Int(String(decoding: digits, as: UTF8.self), radix: 8)
  }

  /// The sum of a header's bytes, its checksum taken as spaces.
  private static func checksum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
  }

  private static func text(_ field: some Sequence<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The path in records such as `30 path=folder/picture.png`, the number being the record's length.
  private static func paxPath(_ bytes: [UInt8]) -> String? {
    var rest = bytes[...]
    while let space = rest.firstIndex(of: 0x20),
      let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > space - rest.startIndex + 1,
      length <= rest.count
    {
      let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
      if record.starts(with: "path=".utf8) { return text(record.dropFirst(5)) }
      rest = rest.dropFirst(length)
    }
    return nil
  }
}
