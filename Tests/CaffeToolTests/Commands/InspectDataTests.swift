import Caffe
import Foundation
import Testing

@Suite struct `caffe data inspect` {
  @Test(arguments: ["lmdb_same", "leveldb_same"]) func `tells what is in a database`(name: String) throws {
    let run = try Run("data", "inspect", dataFixture(name))
    #expect(run.status == 0)
    for line in [
      "kind      \(name.hasPrefix("lmdb") ? "LMDB" : "LevelDB")", "records   5",
      "keys      00000000_s0.png to 00000004_s4.png", "contents  bytes (5)", "shapes    3x12x14 (5)",
      "labels    5 from 0 to 6, each 1 times",
      "        6        1 ########################################",
    ] { #expect(run.output.contains("\n" + line + "\n"), "\(line)") }
  }

  @Test func `tells the size of a database or a file`() throws {
    let path = dataFixture("lmdb_same")
    let bytes = ["data.mdb", "lock.mdb"].reduce(0) { sum, file in
      sum + ((try? Data(contentsOf: URL(filePath: "\(path)/\(file)")).count) ?? 0)
    }
    let text = "\((Double(bytes) / 100).rounded() / 10) kB, of which"
    #expect(try Run("data", "inspect", path).output.contains("\nsize      \(text)"))
    let size = try Data(contentsOf: URL(filePath: dataFixture("hdf5_0.h5in"))).count
    #expect(size >= 1000)
    #expect(
      try Run("data", "inspect", dataFixture("hdf5_0.h5in")).output
        .contains("\nsize      \((Double(size) / 100).rounded() / 10) kB\n"))
  }

  @Test func `counts what is mixed`() throws {
    let run = try Run("data", "inspect", dataFixture("lmdb_encoded"))
    #expect(run.output.contains("\ncontents  PNG (6), JPEG (2)\n"))
    #expect(run.output.contains("\nshapes    3x20x24 (2), 1x17x23 (1), "))
    let features = try Run("data", "inspect", dataFixture("lmdb_features"))
    #expect(features.output.contains("\ncontents  floats (6)\n"))
    #expect(features.output.hasSuffix("unlabelled 6\n"))
  }

  @Test func `tells the datasets of an HDF5 file`() throws {
    let run = try Run("data", "inspect", dataFixture("hdf5_0.h5in"))
    #expect(run.status == 0)
    #expect(run.output.contains("\nkind      HDF5\n") && run.output.contains("\ndataset   label: "))
  }

  @Test(arguments: ["lmdb_same", "leveldb_same", "lmdb_encoded", "lmdb_features", "lmdb_many"])
  func `draws samples`(name: String) throws {
    let folder = try Scratch()
    let run = try Run("data", "inspect", "-samples", "9", "-sheet", "sheet.png", dataFixture(name), in: folder.url)
    #expect(run.status == 0)
    let sheet = try Bitmap(decoding: Data(contentsOf: folder.url.appending(path: "sheet.png")))
    #expect(Set(sheet.pixels).count > 10)
  }

  @Test func `tells the labels and shapes of a list of images`() throws {
    let run = try Run("data", "inspect", "-root_folder", dataFixture("images/"), dataFixture("missing.txt"))
    #expect(run.status == 0)
    #expect(run.output.contains("\nrecords   3\nshapes    3x12x14 (2), not to be read (1)\nlabels    3 from 0 to 9"))
  }

  // MARK: Bad input

  @Test func `refuses what it cannot do`() throws {
    #expect(try Run("data", "erase", dataFixture("lmdb_same")).status == 2)
    #expect(try Run("data", "inspect", "-sheet", "a.gif", dataFixture("lmdb_same")).status == 2)
    #expect(try Run("data", "inspect", "-sheet", "a.png", dataFixture("hdf5_0.h5in")).status == 1)
    let absent = try Run("data", "inspect", "absent")
    #expect(absent.status == 1 && absent.errors.contains("absent: No such file or directory"))
  }

  @Test func `refuses flags that have no effect`() throws {
    let alone = try Run("data", "inspect", "-samples", "9", dataFixture("lmdb_same"))
    #expect(alone.status == 2 && alone.errors.contains("-samples is for -sheet"))
    for name in ["lmdb_same", "hdf5_0.h5in"] {
      let run = try Run("data", "inspect", "-root_folder", "a/", dataFixture(name))
      #expect(run.status == 1 && run.errors.contains("-root_folder is for lists of images"))
    }
  }
}
