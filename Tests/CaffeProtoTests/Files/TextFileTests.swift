import CaffeProto
import Foundation
import Testing

@Suite struct `Text files` {
  private func read(_ bytes: [UInt8]) throws -> TextFile {
    try Fixtures.withTemporaryDirectory { folder in
      try Data(bytes).write(to: URL(filePath: folder + "/text"))
      return try TextFile(folder + "/text")
    }
  }

  private func refusal(_ bytes: [UInt8]) -> String {
    do { return "no error: \(try read(bytes).bytes.count) bytes" } catch { return "\(error)" }
  }

  private func lines(_ bytes: [UInt8]) throws -> [String] {
    try read(bytes).lines.map { "\($0.number) \($0.text)" }
  }

  @Test func `are read without their byte order mark`() throws {
    #expect(try read([0xEF, 0xBB, 0xBF] + Array("a".utf8)).string() == "a")
    #expect(try read([]).bytes.isEmpty)
    #expect(try read([0xEF, 0xBB]).bytes == [0xEF, 0xBB])
  }

  @Test func `have lines that end as on any system`() throws {
    #expect(try lines(Array("a\n\n b \t\nc".utf8)) == ["1 a", "2 ", "3 b", "4 c"])
    #expect(try lines(Array("a\r\n\r\nb c\r\n".utf8)) == ["1 a", "2 ", "3 b c"])
    #expect(try lines(Array("a\rb\r".utf8)) == ["1 a", "2 b"])
  }

  @Test func `that were put together may have a byte order mark in the middle`() throws {
    #expect(try lines(Array("\u{FEFF}a\n\u{FEFF}b\n".utf8)) == ["1 a", "2 b"])
  }

  @Test func `are read from a pipe, which is opened once`() throws {
    try Fixtures.withTemporaryDirectory { folder in
      let path = folder + "/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      // More than a pipe holds at a time.
      let text = String(repeating: "line\n", count: 100_000)
      let writer = Thread { try? text.write(toFile: path, atomically: false, encoding: .utf8) }
      writer.start()
      #expect(isStream(path))
      let received = try TextFile(path).string()
      #expect(received == text)
    }
  }

  // MARK: Bad input

  @Test func `in another encoding are refused by its name`() {
    let text = Array("name: 'x'".utf16)
    let little = text.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let big = text.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    for bytes in [[0xFF, 0xFE] + little, [0xFE, 0xFF] + big, little, big] {
      #expect(refusal(bytes).contains("it is in UTF-16; save it in UTF-8"))
    }
    #expect(refusal([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0]).contains("it is in UTF-32"))
  }

  @Test func `that are packed or no text are refused`() {
    #expect(refusal([0x1F, 0x8B, 8, 0, 0, 0]).contains("it is packed with gzip; unpack it first"))
    #expect(refusal(Array("PK\u{3}\u{4}".utf8)).contains("it is packed with zip"))
    #expect(refusal([0x89] + Array("HDF\r\n\u{1A}\n".utf8)).contains("it is an HDF5 file"))
    #expect(refusal(Array("ab\0c".utf8)).contains("it is no text: there is a zero in it, at byte 2"))
  }

  @Test func `without end are refused, and cost no memory`() {
    #expect(throws: FileFailure.self) { try TextFile("/dev/zero") }
  }

  @Test func `that are too large are refused before they are read`() throws {
    try Fixtures.withTemporaryDirectory { folder in
      let path = folder + "/large"
      try Data().write(to: URL(filePath: path))
      #expect(truncate(path, 1 << 40) == 0)
      do {
        _ = try TextFile(path)
        Issue.record("read a terabyte")
      } catch { #expect("\(error)" == "it has more than 2147483648 bytes, which is too large") }
    }
  }

  @Test func `say in which line there is something else than UTF-8`() throws {
    let file = try read(Array("a\nb".utf8) + [0xE9, 0x0A])
    do {
      _ = try file.string()
      Issue.record("read Latin-1")
    } catch { #expect("\(error)" == "line 2 is not UTF-8; save the file in that encoding") }
  }

  @Test func `that are missing, folders, or closed to us are refused in words`() {
    for (path, words) in [
      ("/no/such/file", "No such file or directory"), ("", "No such file or directory"), ("/", "it is a directory"),
      ("/etc/hostname/file", "Not a directory"), ("a\0b", "No such file or directory"),
    ] {
      do {
        _ = try TextFile(path)
        Issue.record("read \(path)")
      } catch { #expect("\(error)" == words) }
    }
  }
}
