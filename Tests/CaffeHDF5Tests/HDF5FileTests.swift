import CaffeHDF5
import Foundation
import Testing

@Suite struct `HDF5 file` {
  @Test func `leads to no other files where that is not wanted`() throws {
    let root = try HDF5File(reading: fixture("links_to_other_files.h5"), isConfined: true).root
    #expect(try root.contains("data"))
    for link in ["rows", "data/outside", "data/soft"] {
      #expect(message { _ = try root.contains(link) }.contains("which may lead to other files"))
      #expect(message { _ = try root.kind(of: link) }.contains("which may lead to other files"))
      #expect(message { _ = try root.group(link) }.contains("which may lead to other files"))
      #expect(message { _ = try root.dataset(link) }.contains("which may lead to other files"))
    }
    #expect(message { _ = try root.dataset("data/ip/0") }.contains("its values lie in other files"))
    #expect(try root.dataset("data/ip/1").floats() == [0, 0, 0])
    // Where it may, nothing is refused before it is read.
    #expect(try HDF5File(reading: fixture("links_to_other_files.h5")).root.dataset("data/ip/0").count == 6)
  }

  @Test func `knows HDF5 files by their signature, also behind a user block`() throws {
    let folder = try TemporaryFolder()
    let bytes = try Data(contentsOf: URL(filePath: fixture("oddities.h5")))
    #expect(HDF5File.isHDF5(fixture("oddities.h5")))
    #expect(try HDF5File.isHDF5(folder.write("block.h5", Data(count: 1024) + bytes)))
    #expect(try !HDF5File.isHDF5(folder.write("late.h5", Data(count: 1000) + bytes)))
    #expect(try !HDF5File.isHDF5(folder.write("short", [0x89, 0x48, 0x44])))
    #expect(!HDF5File.isHDF5(folder.file("absent")))
    #expect(!HDF5File.isHDF5(folder.path))
  }

  @Test func `reads back what it wrote`() throws {
    let path = try TemporaryFolder()
    let name = path.file("new.h5")
    do {
      let file = try HDF5File(creating: name)
      try file.root.write([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3], to: "data/conv1/0")
      try file.root.write([7] as [Int32], shape: [1], to: "iter")
      try file.root.write([2.5] as [Float], shape: [], to: "scalar")
      try file.root.write([] as [Float], shape: [0, 4], to: "empty")
      try file.root.write("größer.caffemodel", to: "learned_net")
      let group = try file.root.createGroup("a/b")
      try group.setAttribute("text", to: "first")
      try group.setAttribute("text", to: "second")
      try group.setAttribute("floats", to: [0.5, -1])
      try group.setAttribute("integers", to: [1 << 40, -3])
      try file.flush()
    }
    let root = try HDF5File(reading: name).root
    #expect(try root.names() == ["a", "data", "empty", "iter", "learned_net", "scalar"])
    #expect(try root.dataset("data/conv1/0").shape == [2, 3])
    #expect(try root.dataset("data/conv1/0").floats() == [1, 2, 3, 4, 5, 6])
    #expect(try root.dataset("iter").integer() == 7)
    #expect(try root.dataset("scalar").shape == [])
    #expect(try root.dataset("scalar").floats() == [2.5])
    #expect(try root.dataset("empty").shape == [0, 4])
    #expect(try root.dataset("empty").floats() == [])
    #expect(try root.dataset("learned_net").string() == "größer.caffemodel")
    let group = try root.group("a/b")
    #expect(try group.string(attribute: "text") == "second")
    #expect(try group.floats(attribute: "floats") == [0.5, -1])
    #expect(try group.integers(attribute: "integers") == [1 << 40, -3])
    #expect(try !group.hasAttribute("absent"))
  }

  @Test func `comes from memory to the disk as a whole, with the same bytes each time`() throws {
    let folder = try TemporaryFolder()
    for name in ["a.h5", "b.h5"] {
      let file = try HDF5File(inMemoryFor: folder.file(name))
      try file.root.write([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3], to: "data/conv1/0")
      try file.root.write(Array(repeating: 0.5, count: 1 << 19), shape: [1 << 19], to: "data/ip/0")
      #expect(!FileManager.default.fileExists(atPath: folder.file(name)))
      try file.save()
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.h5", "b.h5"])
    let bytes = try ["a.h5", "b.h5"].map { try Data(contentsOf: URL(filePath: folder.file($0))) }
    #expect(bytes[0] == bytes[1])
    let root = try HDF5File(reading: folder.file("a.h5")).root
    #expect(try root.dataset("data/conv1/0").floats() == [1, 2, 3, 4, 5, 6])
    #expect(try root.dataset("data/ip/0").floats().allSatisfy { $0 == 0.5 })
  }

  @Test func `says in a few words why it cannot be made`() throws {
    for make in [{ try HDF5File(creating: $0).flush() }, { try HDF5File(inMemoryFor: $0).save() }]
      as [(String) throws -> Void]
    {
      do {
        try make("/no/such/folder/a.h5")
        Issue.record("no error")
      } catch {
        #expect("\(error)".contains("/no/such/folder/a.h5"))
        #expect("\(error)".contains(": No such file or directory"))
        #expect(!"\(error)".contains("errno"))
      }
    }
  }

  @Test func `can be read by several threads at a time`() async throws {
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<8 {
        group.addTask { try HDF5File(reading: fixture("oddities.h5")).root.dataset("packed").floats() }
      }
      for try await values in group { #expect(values == (0..<60).map(Float.init)) }
    }
  }

  @Test func `waits a moment for a lock to go away`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("locked.h5", Data(contentsOf: URL(filePath: fixture("oddities.h5"))))
    let other = open(path, O_RDWR)
    #expect(flock(other, LOCK_EX) == 0)
    Thread.detachNewThread {
      usleep(20_000)
      close(other)
    }
    #expect(try HDF5File(reading: path).root.dataset("packed").floats() == (0..<60).map(Float.init))
  }

  @Test func `says that another process has a file open`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("locked.h5", Data(contentsOf: URL(filePath: fixture("oddities.h5"))))
    let other = open(path, O_RDWR)
    defer { close(other) }
    #expect(flock(other, LOCK_EX) == 0)
    let error = try #require(throws: HDF5Error.self) { try HDF5File(reading: path) }
    #expect(error.description.hasPrefix("\(path): cannot open the file: another process has it open and locked;"))
  }

  @Test func `says that a file is missing`() {
    #expect(
      message { _ = try HDF5File(reading: "/absent/x.h5") }
        == "/absent/x.h5: cannot open the file: No such file or directory")
  }

  @Test func `says that a file is not HDF5`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("net.prototxt", "name: \"x\"".utf8)
    #expect(message { _ = try HDF5File(reading: path) }.contains("it has no HDF5 signature"))
  }

  @Test func `says that a file was cut short`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("cut.h5", Data(contentsOf: URL(filePath: fixture("oddities.h5"))).prefix(3000))
    #expect(message { _ = try HDF5File(reading: path) }.contains("truncated file"))
  }

  @Test func `refuses a file on which the library crashes`() throws {
    let error = #expect(throws: HDF5Error.self) { try HDF5File(reading: fixture("unfilled_links.h5in")) }
    #expect(error?.reason.contains("the HDF5 library crashes") == true)
  }

  @Test func `refuses it also in a process that ignores what its children do`() throws {
    let before = signal(SIGCHLD, SIG_IGN)
    defer { signal(SIGCHLD, before) }
    let error = #expect(throws: HDF5Error.self) { try HDF5File(reading: fixture("unfilled_links.h5in")) }
    #expect(error?.reason.contains("the HDF5 library crashes") == true)
    // A sound one is read, again without another look at it.
    for _ in 0..<2 { _ = try HDF5File(reading: fixture("oddities.h5")) }
  }

  @Test func `looks again at a file that was written since`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x.h5", Data(contentsOf: URL(filePath: fixture("oddities.h5"))))
    _ = try HDF5File(reading: path)
    _ = try folder.write("x.h5", Data(contentsOf: URL(filePath: fixture("unfilled_links.h5in"))))
    #expect(throws: HDF5Error.self) { try HDF5File(reading: path) }
  }

  @Test func `says that a file cannot be made`() {
    #expect(message { _ = try HDF5File(creating: "/absent/x.h5") }.contains("No such file or directory"))
  }
}
