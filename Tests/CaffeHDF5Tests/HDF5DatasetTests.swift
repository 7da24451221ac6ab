import CaffeHDF5
import Testing

@Suite struct `HDF5 dataset` {
  let root: HDF5Group

  init() throws { root = try HDF5File(reading: fixture("oddities.h5")).root }

  @Test func `reads what Caffe wrote`() throws {
    let state = try HDF5File(reading: fixture("SGD_fixed_iter_10.solverstate.h5")).root
    #expect(try state.dataset("iter").integer() == 10)
    #expect(try state.dataset("learned_net").string() == "SGD_fixed_iter_10.caffemodel.h5")
    #expect(try state.dataset("history/0").shape == [3, 4])
  }

  @Test func `converts every kind of number to float`() throws {
    #expect(try root.dataset("half").floats() == [0.5, -2, 65504])
    #expect(try root.dataset("unsigned").floats() == [0, 0x1p63])
    #expect(try root.dataset("scalar").floats() == [2.5])
    let packed = try HDF5File(reading: fixture("hdf5_packed.h5in")).root
    #expect(try packed.dataset("big_endian").elements == .float)
    #expect(try packed.dataset("bytes").elements == .integer)
    #expect(try packed.dataset("bytes").floats().allSatisfy { (0...255).contains($0) && $0 == $0.rounded() })
  }

  @Test func `reads chunks that were packed or never written`() throws {
    #expect(try root.dataset("packed").floats() == (0..<60).map(Float.init))
    #expect(try root.dataset("sparse").floats() == Array(repeating: 7, count: 8))
  }

  @Test func `reads a range of rows`() throws {
    let dataset = try root.dataset("packed")
    var rows = [Float](repeating: -1, count: 18)
    try rows.withUnsafeMutableBufferPointer { try dataset.read(rows: 3..<6, into: $0) }
    #expect(rows == (18..<36).map(Float.init))
    #expect(
      message { try dataset.read(rows: 8..<11, into: .allocate(capacity: 18)) }.contains("rows 8..<11 lie outside"))
  }

  @Test func `reads into memory of the caller`() throws {
    var values = [Float](repeating: 0, count: 3)
    try values.withUnsafeMutableBufferPointer { try root.dataset("half").read(into: $0) }
    #expect(values == [0.5, -2, 65504])
  }

  @Test func `takes no values for an empty array`() throws {
    #expect(try root.dataset("nothing").floats() == [])
    #expect(try root.dataset("empty").shape == [0, 3])
  }

  @Test func `reads texts of every kind`() throws {
    #expect(try root.dataset("text").string() == "variable length")
    #expect(try root.string(attribute: "variable") == "größer")
    #expect(try root.string(attribute: "padded") == "ab")
    #expect(try root.integers(attribute: "numbers") == [1, 2, 3, -4])
  }

  @Test func `says what it found instead of numbers or a text`() throws {
    #expect(message { _ = try root.dataset("flags").floats() }.contains("elements are of class enumeration"))
    #expect(message { _ = try root.dataset("compound").floats() }.contains("class compound"))
    #expect(message { _ = try root.dataset("text").floats() }.contains("class string"))
    #expect(message { _ = try root.dataset("texts").string() }.contains("expected one text, found 2 texts"))
    #expect(message { _ = try root.dataset("half").string() }.contains("found elements of class float"))
    #expect(message { _ = try root.dataset("half").integer() }.contains("expected one integer, found 3"))
    #expect(message { _ = try root.string(attribute: "absent") }.contains("cannot read attribute \"absent\" of /"))
  }

  @Test func `does not believe a size that the file cannot hold`() {
    #expect(
      message { _ = try root.dataset("huge") }.contains(
        "2147483648 x 1073741824 elements of 4 bytes, which is more than"))
  }
}
