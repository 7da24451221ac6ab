import CaffeTool
import Testing

@Suite struct `Options of several commands` {
  @Test(arguments: ["", "0", "0,1", "all"])
  func `a list of GPUs is taken`(gpu: String) throws {
    #expect(try DeviceOptions.parse(["--gpu", gpu]).gpu == gpu)
  }

  @Test(arguments: ["first", "0,", "-1", "0 1"])
  func `anything else is refused`(gpu: String) {
    #expect(throws: (any Error).self) { try DeviceOptions.parse(["--gpu=\(gpu)"]) }
  }

  @Test func `without stages there is one without a name`() throws {
    #expect(try StateOptions.parse([]).stages == [""])
    #expect(try StateOptions.parse(["--stage=a,b"]).stages == ["a", "b"])
  }

  @Test func `of a flag given twice the last value counts`() throws {
    #expect(try StateOptions.parse(["--level=1", "--level=-2"]).level == -2)
  }

  @Test(arguments: ["3000000000", "-3000000000"]) func `a level fits into the net's field`(level: String) {
    #expect(throws: (any Error).self) { try StateOptions.parse(["--level=\(level)"]) }
  }
}
