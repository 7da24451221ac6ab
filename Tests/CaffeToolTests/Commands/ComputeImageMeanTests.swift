import Caffe
import Foundation
import Testing

@Suite struct `compute_image_mean` {
  private let folder: Scratch

  init() throws { folder = try Scratch() }

  @Test(arguments: [
    ("lmdb_same", ["130.454", "152.171", "141.618"]), ("lmdb_resize", ["148.232", "145.837", "148.997"]),
    ("lmdb_gray", ["146.938"]), ("lmdb_encoded_png", ["148.239", "145.882", "148.978"]),
    ("leveldb_same", ["130.454", "152.171", "141.618"]),
  ])
  func `writes the original's file, byte for byte`(name: String, means: [String]) throws {
    let backend = name.hasPrefix("leveldb") ? ["--backend=leveldb"] : []
    let run = try Run([dataFixture(name), "mean"] + backend, as: "compute_image_mean", in: folder.url)
    #expect(run.status == 0)
    let mean = try Data(contentsOf: folder.url.appending(path: "mean"))
    #expect(try mean == Data(contentsOf: URL(filePath: dataFixture("mean_\(name).binaryproto"))))
    #expect(run.messages.contains("Starting iteration") && run.messages.contains("Write to mean"))
    let lines = ["Number of channels: \(means.count)"] + means.enumerated().map { "mean_value channel [\($0)]: \($1)" }
    #expect(run.messages.suffix(lines.count + 1) == lines + [""])
  }

  @Test func `only shows the means without a file to write, and finds out the kind of database`() throws {
    let run = try Run("compute_image_mean", dataFixture("leveldb_same"), in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages.contains("mean_value channel [0]: 130.454"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  // MARK: Bad input

  @Test func `refuses images of different sizes`() throws {
    let run = try Run("compute_image_mean", dataFixture("lmdb_mixed_sizes"), "mean", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("record '00000001_b.png': Incorrect data field size 1512"))
    #expect(run.errors.contains("-resize_height"))
  }

  @Test func `refuses a database of the other kind`() throws {
    let run = try Run("compute_image_mean", "-backend", "leveldb", dataFixture("lmdb_same"), in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("a database of the kind LMDB, but LevelDB was asked for"))
  }

  @Test func `says that the database is missing`() throws {
    let run = try Run("compute_image_mean", "absent_lmdb", in: folder.url)
    #expect(run.status == 1)
    #expect(run.errors.contains("absent_lmdb: No such file or directory"))
  }

  @Test func `keeps its input`() throws {
    try FileManager.default.copyItem(
      atPath: dataFixture("lmdb_same"), toPath: folder.url.appending(path: "db").path)
    let run = try Run("compute_image_mean", "db/", "./db/data.mdb", in: folder.url)
    #expect(run.status == 1 && run.errors.contains("would destroy the input"))
    #expect(try Run("compute_image_mean", "db", "db/mean.binaryproto", in: folder.url).status == 0)
  }
}
