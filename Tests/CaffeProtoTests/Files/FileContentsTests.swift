import CaffeProto
import Testing

@Suite struct `Contents of files` {
  #if os(Linux)
    @Test(arguments: ["/dev/zero", "/dev/full", "/dev/urandom"])
    func `end, or are refused`(device: String) {
      #expect(throws: FileFailure.unreadable("it is a device without an end")) { try fileContents(device) }
      #expect(throws: FileFailure.unreadable("it has more than 99 bytes, which is too large")) {
        try fileContents(device, limit: 99)
      }
    }
  #endif

  @Test func `may be none, as of an empty device`() throws {
    #expect(try fileContents("/dev/null").isEmpty)
  }
}
