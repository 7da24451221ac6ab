import CaffeProto
import Foundation
import Testing

@Suite struct `Files that are written as a whole` {
  @Test func `take the place of old ones and leave nothing else`() throws {
    try Fixtures.withTemporaryDirectory { folder in
      for text in ["an old text", "new"] {
        try AtomicFile.write(text.utf8, to: folder + "/a.txt")
        #expect(try String(contentsOfFile: folder + "/a.txt", encoding: .utf8) == text)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.txt"])
    }
  }

  @Test func `replace what a link leads to, and not the link`() throws {
    try Fixtures.withTemporaryDirectory { folder in
      try FileManager.default.createDirectory(atPath: folder + "/disk", withIntermediateDirectories: false)
      try AtomicFile.write("old".utf8, to: folder + "/disk/a.txt")
      try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "disk/a.txt")
      try AtomicFile.write("new".utf8, to: folder + "/link")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link") == "disk/a.txt")
      #expect(try String(contentsOfFile: folder + "/disk/a.txt", encoding: .utf8) == "new")
    }
  }

  @Test func `go into a pipe or a device as they are`() throws {
    try AtomicFile.write("text".utf8, to: "/dev/null")
    #expect(try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType != .typeRegular)
    try Fixtures.withTemporaryDirectory { folder in
      let pipe = folder + "/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      // Open for both, so that nobody waits.
      let end = open(pipe, O_RDWR)
      defer { close(end) }
      try AtomicFile.write("text".utf8, to: pipe)
      var bytes = [UInt8](repeating: 0, count: 8)
      #expect(read(end, &bytes, 8) == 4)
      #expect(bytes.prefix(4).elementsEqual("text".utf8))
    }
  }

  @Test func `say what is in the way`() throws {
    try Fixtures.withTemporaryDirectory { folder in
      try FileManager.default.createDirectory(atPath: folder + "/a.txt", withIntermediateDirectories: false)
      for (path, reason) in [
        (folder + "/no/a.txt", "No such file or directory\n  make the folder first"),
        (folder + "/a.txt", "Is a directory\n  give the name of a file"),
      ] {
        do {
          try AtomicFile.write("text".utf8, to: path)
          Issue.record("no error")
        } catch {
          #expect("\(error)".hasPrefix("error: cannot "))
          #expect("\(error)".hasSuffix("\(path): \(reason)"))
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.txt"])
    }
  }
}
