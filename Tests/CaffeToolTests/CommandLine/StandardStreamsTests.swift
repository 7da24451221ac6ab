import Caffe
import Foundation
import Testing

@Suite struct `Standard streams` {
  private let folder: Scratch

  init() throws { folder = try Scratch() }

  private func run(_ line: String) throws -> ShellRun {
    try ShellRun("exec \"$caffe\" " + line, in: folder.url, caffe: RunningTool.executable())
  }

  #if os(Linux)
    @Test(arguments: ["data inspect \(dataFixture("lmdb_same"))", "train --help", "--version"])
    func `that are full are told`(line: String) throws {
      let run = try run(line + " >/dev/full")
      #expect(run.status == 1)
      #expect(run.errors.contains("standard output: cannot write to it: No space left on device"))
    }
  #endif

  @Test func `that are closed are told where they are needed`() throws {
    let run = try run("data inspect \(dataFixture("lmdb_same")) >&-")
    #expect(run.status == 1)
    #expect(run.errors.contains("standard output: cannot write to it"))
  }

  @Test(arguments: ["<&-", "2>&-", "<&- >&- 2>&-", "<&- 2>&-"])
  func `that are closed leave no lines of a log in other files`(closed: String) throws {
    let source = dataFixture("lmdb_same")
    #expect(try run("compute_image_mean \(source) mean \(closed)").status == 0)
    let mean = try Data(contentsOf: folder.url.appending(path: "mean"))
    #expect(try mean == Data(contentsOf: URL(filePath: dataFixture("mean_lmdb_same.binaryproto"))))
    #expect(try run("convert_imageset \(dataFixture("images/")) \(dataFixture("same.txt")) db \(closed)").status == 0)
    #expect(try openDatabase("\(folder.url.path)/db").count == 5)
  }
}
