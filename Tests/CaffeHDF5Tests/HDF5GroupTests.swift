import CaffeHDF5
import Testing

@Suite struct `HDF5 group` {
  let root: HDF5Group

  init() throws { root = try HDF5File(reading: fixture("oddities.h5")).root }

  @Test func `lists its members by name or as they were made`() throws {
    let group = try root.group("ordered")
    #expect(try group.names() == ["ant", "mouse", "zebra"])
    #expect(try group.names(in: .creation) == ["zebra", "ant", "mouse"])
  }

  @Test func `lists by name where the file does not remember the order`() throws {
    let root = try HDF5File(reading: fixture("SGD_fixed_iter_10.caffemodel.h5")).root
    #expect(try root.group("data").names(in: .creation) == ["loss", "target", "w"])
  }

  @Test func `remembers the order of what it made`() throws {
    let folder = try TemporaryFolder()
    let group = try HDF5File(creating: folder.file("x.h5")).root.createGroup("data")
    for name in ["ip2", "conv1", "ip1"] { try group.createGroup(name) }
    #expect(try group.names(in: .creation) == ["ip2", "conv1", "ip1"])
  }

  @Test func `tells groups from datasets`() throws {
    #expect(try root.kind(of: "ordered") == .group)
    #expect(try root.kind(of: "half") == .dataset)
  }

  @Test func `looks up paths step by step`() throws {
    #expect(try root.contains("ordered/ant"))
    #expect(try !root.contains("ordered/bee"))
    #expect(try !root.contains("absent/ant"))
  }

  @Test func `names the file and the member that is missing`() {
    let text = message { _ = try root.dataset("absent") }
    #expect(text.contains("oddities.h5: cannot open dataset /absent: "))
    #expect(text.contains("doesn't exist"))
    #expect(message { _ = try root.group("ordered/bee") }.contains("cannot open group /ordered/bee"))
  }

  @Test func `does not write a dataset twice`() throws {
    let folder = try TemporaryFolder()
    let root = try HDF5File(creating: folder.file("x.h5")).root
    try root.write([1] as [Float], shape: [1], to: "data")
    #expect(message { try root.write([1] as [Float], shape: [1], to: "data") }.contains("name already exists"))
  }

  @Test func `does not write into a file opened for reading`() {
    #expect(message { try root.write([1] as [Float], shape: [1], to: "new") }.contains("cannot write dataset /new"))
  }
}
