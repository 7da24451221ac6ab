import Foundation
import Testing

@Suite struct `convert_cifar_data` {
  @Test func `names the file that is missing`() throws {
    let folder = try Scratch()
    let run = try Run(".", ".", "leveldb", as: "convert_cifar_data.bin", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("./data_batch_1.bin: No such file or directory"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test func `refuses an unknown kind of database`() throws {
    let run = try Run("convert_cifar_data", ".", ".", "sqlite")
    #expect(run.status == 2)
    #expect(run.errors.contains("Unknown database backend"))
  }
}
