import CaffeCore
import CaffeData
import Foundation
import Testing

@Suite struct `Lists of images` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func list(_ text: String, labelCount: Int? = nil) throws -> ImageList {
    try ImageList(folder.write("list.txt", text.utf8), root: "root/", labelCount: labelCount)
  }

  private func contents(_ list: ImageList) -> [String] {
    (0..<list.count).map { "\(list[$0].name) \(list[$0].labels)" }
  }

  @Test func `have a path and a label on each line, in which spaces may occur`() throws {
    let list = try list("a.png 3\nwith space.png 5\nlast.png -7")
    #expect(contents(list) == ["a.png [3.0]", "with space.png [5.0]", "last.png [-7.0]"])
    #expect(list[1].path == "root/with space.png")
  }

  @Test func `may end their lines as Windows does, and have empty ones`() throws {
    #expect(try contents(list("a.png 3\r\n\r\nb c.png 4\r\n")) == ["a.png [3.0]", "b c.png [4.0]"])
  }

  @Test func `may have a byte order mark, tabs and any number of blanks`() throws {
    #expect(try contents(list("\u{FEFF}a.png 3\nb.png 4")) == ["a.png [3.0]", "b.png [4.0]"])
    #expect(
      try contents(list("a.png\t3\n  b c.png \t 4 \t\n\u{FEFF}d.png 5")) == [
        "a.png [3.0]", "b c.png [4.0]", "d.png [5.0]",
      ])
    #expect(try contents(list("\u{FEFF}a.png 1 2", labelCount: 2)) == ["a.png [1.0, 2.0]"])
  }

  @Test func `may name files by bytes that are not UTF-8`() throws {
    let name = Array("caf".utf8) + [0xE9] + Array(" 1.png".utf8)
    let bytes = Array(folder.path.utf8) + [0x2F] + name
    let descriptor = open(bytes.map(CChar.init(bitPattern:)) + [0], O_CREAT | O_WRONLY, 0o600)
    #expect(write(descriptor, "one", 3) == 3 && close(descriptor) == 0)
    let list = try ImageList(
      folder.write("list.txt", Array("a.png 0\n".utf8) + name + Array(" 7\n".utf8)), root: folder.path + "/")
    #expect(contents(list) == ["a.png [0.0]", "caf\u{FFFD} 1.png [7.0]"])
    #expect(try list[1].read() == Data("one".utf8))
    // In a folder of classes too.
    try shell("mkdir -p '\(folder.path)/set/class' && mv '\(folder.path)'/caf* '\(folder.path)/set/class'")
    #expect(try ImageList(folder.file("set"))[0].read() == Data("one".utf8))
  }

  @Test func `may come through a pipe`() throws {
    let path = folder.file("pipe")
    #expect(mkfifo(path, 0o600) == 0)
    Thread { try? "a.png 3\nb.png 4\n".write(toFile: path, atomically: false, encoding: .utf8) }.start()
    #expect(try contents(ImageList(path)) == ["a.png [3.0]", "b.png [4.0]"])
  }

  @Test func `count a missing label as 0, as in Caffe`() throws {
    #expect(try contents(list("a.png\n12.png")) == ["a.png [0.0]", "12.png [12.0]"])
  }

  @Test func `may have several numbers on a line`() throws {
    #expect(try contents(list("a b.png 0.5 -1 2e3", labelCount: 3)) == ["a b.png [0.5, -1.0, 2000.0]"])
  }

  @Test func `may be folders with one folder for each class`() throws {
    try fill(folder.file("set"))
    let list = try ImageList(folder.file("set"))
    #expect(list.classes == ["cat", "dog"])
    #expect(contents(list) == ["cat/1.png [0.0]", "cat/2.JPG [0.0]", "dog/a b.png [1.0]"])
    #expect(try list[2].read() == Data("dog".utf8))
  }

  @Test(arguments: ["tar cf", "tar czf", "tar --format=pax -cf", "tar --format=gnu -czf"])
  func `may be tar files of such folders`(command: String) throws {
    let deep = "set/" + String(repeating: "long/", count: 30)
    try fill(folder.file(deep))
    try shell("cd '\(folder.path)/set' && \(command) ../set.tar .")
    let list = try ImageList(folder.file("set.tar"))
    #expect(list.classes.map { $0.split(separator: "/").last } == ["cat", "dog"])
    #expect(try (0..<3).map { try String(decoding: list[$0].read(), as: UTF8.self) } == ["one", "two", "dog"])
  }

  @Test(arguments: [true, false])
  func `may be zip files of such folders`(isDeflated: Bool) throws {
    let picture = String(repeating: "one", count: 500)
    let zip = try Zip.make(["set/cat/1.png": picture, "set/dog/2.png": "dog", "set/readme.txt": "no"], isDeflated)
    let list = try ImageList(folder.write("set.zip", zip))
    #expect(contents(list) == ["set/cat/1.png [0.0]", "set/dog/2.png [1.0]"])
    #expect(try list[0].read() == Data(picture.utf8))
    #expect(try list[1].read() == Data("dog".utf8))
  }

  private func fill(_ path: String) throws {
    for (name, text) in ["cat/1.png": "one", "cat/2.JPG": "two", "dog/a b.png": "dog", "dog/notes.txt": "no"] {
      let file = URL(filePath: "\(path)/\(name)")
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
  }

  private func shell(_ command: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  // MARK: Bad input

  @Test func `that are missing, empty or something else are refused`() throws {
    #expect(message { _ = try ImageList("/absent") }.contains("/absent: No such file or directory"))
    #expect(message { _ = try list("\n") }.contains("File is empty"))
    let binary = try folder.write("binary", [1, 0, 2])
    #expect(message { _ = try ImageList(binary) }.contains("it is no list of images"))
  }

  @Test func `in another encoding or packed are refused`() throws {
    let utf16 = try folder.write("utf16", [0xFF, 0xFE] + "a 1".utf16.flatMap { [UInt8($0), 0] })
    #expect(message { _ = try ImageList(utf16) }.contains("cannot read this list of images: it is in UTF-16"))
    _ = try folder.write("plain", "a.png 1\n".utf8)
    try shell("gzip -k '\(folder.file("plain"))'")
    #expect(
      message { _ = try ImageList(folder.file("plain.gz")) }.contains(
        "packed with gzip, and what is in it is no tar file"))
  }

  @Test func `with a label that is no number are refused`() {
    #expect(message { _ = try list("a.png 3\u{A0}") }.contains("'3<U+00A0, no-break space>' is no whole number"))
    #expect(message { _ = try list("a.png 1\nno label.png") }.contains("list.txt:2: 'label.png' is no whole number"))
    #expect(message { _ = try list("a.png 1.5") }.contains("set label_size"))
  }

  @Test func `with a label beyond 32 bits are refused`() {
    #expect(message { _ = try list("a.png 4294967296") }.contains("list.txt:1: the label 4294967296 is beyond"))
    #expect(message { _ = try list("a.png 99999999999999999999") }.contains("is no whole number"))
  }

  @Test func `with too few numbers are refused`() {
    #expect(
      message { _ = try list("a.png 1 2\nb.png 1", labelCount: 2) }
        .contains("list.txt:2: there are 1 labels behind the path, but label_size is 2"))
  }

  @Test func `with images in no folder are refused`() throws {
    try FileManager.default.createDirectory(atPath: folder.file("set"), withIntermediateDirectories: true)
    _ = try folder.write("set/a.png", "x".utf8)
    #expect(message { _ = try ImageList(folder.file("set")) }.contains("the image a.png lies in no folder"))
  }

  @Test func `say which image is missing`() throws {
    #expect(message { _ = try list("a.png 1")[0].read() }.contains("root/a.png: Could not open or find file"))
    let folderAsFile = try ImageList(folder.write("list.txt", "\(folder.path) 1".utf8))
    #expect(message { _ = try folderAsFile[0].read() }.contains("Could not open or find file: it is a directory"))
  }

  @Test func `are not believed to be larger than the archive`() throws {
    var zip = try Zip.make(["set/cat/1.png": String(repeating: "one", count: 500), "set/dog/2.png": "dog"], false)
    let first = try #require(zip.firstRange(of: [0x50, 0x4B, 1, 2]))
    let second = try #require(zip[first.upperBound...].firstRange(of: [0x50, 0x4B, 1, 2]))
    // The second file's place and sizes become those of the first one.
    for field in [20..<28, 42..<46] {
      for index in field { zip[second.lowerBound + index] = zip[first.lowerBound + index] }
    }
    #expect(
      message { _ = try ImageList(folder.write("set.zip", zip)) }.contains("its members are longer than the file"))
  }

  @Test func `survive damaged archives`() throws {
    let zip = try Zip.make(["set/cat/1.png": String(repeating: "one", count: 500)], true)
    try fill(folder.file("whole/set"))
    try shell("cd '\(folder.path)/whole' && tar cf ../whole.tar set")
    let tar = try Array(Data(contentsOf: URL(filePath: folder.file("whole.tar"))))
    #expect(
      message { _ = try ImageList(folder.write("cut.zip", zip.dropLast(30))) }.contains("zip file is damaged"))
    var random = Random(seed: 3)
    for sound in [zip, tar] {
      for round in 0..<200 {
        var bytes = sound
        for _ in 0..<3 { bytes[random.below(min(bytes.count, 2000))] = UInt8(random.below(256)) }
        if round.isMultiple(of: 2) { bytes = Array(bytes.prefix(4 + random.below(bytes.count - 4))) }
        let path = try folder.write("damaged", bytes)
        _ = try? ImageList(path)[0].read()
      }
    }
  }
}

/// Writes small zip files.
private enum Zip {
  static func make(_ files: [String: String], _ isDeflated: Bool) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for (name, text) in files.sorted(by: { $0.key < $1.key }) {
      let contents = Array(text.utf8)
      let packed = isDeflated ? stored(contents) : contents
      var header = number(20, 2) + number(0, 2) + number(isDeflated ? 8 : 0, 2) + number(0, 4)
      header += number(checksum(contents), 4) + number(packed.count, 4) + number(contents.count, 4)
      header += number(name.utf8.count, 2)
      directory += [0x50, 0x4B, 1, 2] + number(20, 2) + header + number(0, 12) + number(bytes.count, 4)
      directory += Array(name.utf8)
      bytes += [0x50, 0x4B, 3, 4] + header + number(0, 2) + Array(name.utf8) + packed
    }
    let end = [0x50, 0x4B, 5, 6] + number(0, 4) + number(files.count, 2) + number(files.count, 2)
    return bytes + directory + end + number(directory.count, 4) + number(bytes.count, 4) + number(0, 2)
  }

  /// A deflate stream of one block that is not compressed.
  private static func stored(_ bytes: [UInt8]) -> [UInt8] {
    [1] + number(bytes.count, 2) + number(~bytes.count & 0xFFFF, 2) + bytes
  }

  private static func number(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * $0)) : 0 }
  }

  /// CRC-32 (ISO 3309).
  private static func checksum(_ bytes: [UInt8]) -> Int {
    var sum: UInt32 = .max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return Int(~sum)
  }
}
