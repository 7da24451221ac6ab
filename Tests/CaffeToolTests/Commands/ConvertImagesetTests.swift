import Caffe
import Foundation
import Testing

@Suite struct `convert_imageset` {
  private let folder: Scratch

  init() throws { folder = try Scratch() }

  /// What the original was asked for, and what it made.
  struct Case: CustomTestStringConvertible {
    var testDescription: String { database }
    let database: String
    let flags: [String]
    let list: String

    init(_ database: String, _ flags: [String], _ list: String) {
      self.database = database
      self.flags = flags
      self.list = list
    }
  }

  static let cases = [
    Case("lmdb_same", [], "same.txt"),
    Case("lmdb_resize", ["--resize_height=16", "--resize_width=20"], "mixed.txt"),
    Case("lmdb_gray", ["-gray", "--resize_height=15", "--resize_width=11"], "mixed.txt"),
    Case("lmdb_encoded", ["-encoded"], "mixed.txt"),
    Case("lmdb_mixed_sizes", ["-nocheck_size"], "mixed.txt"),
    Case("lmdb_missing_file", [], "missing.txt"),
    Case("leveldb_same", ["-backend", "leveldb", "-check_size"], "same.txt"),
  ]

  @Test(arguments: cases) func `stores the records of the original, byte for byte`(golden: Case) throws {
    let run = try convert(golden.flags, list: dataFixture(golden.list))
    #expect(run.status == 0)
    #expect(try records("db") == records(of: dataFixture(golden.database)))
    #expect(
      run.messages.contains(
        "A total of \(golden.list == "missing.txt" ? 3 : golden.list == "same.txt" ? 5 : 8) images."))
  }

  @Test func `stores files of another type with the same pixels`() throws {
    let run = try convert(
      ["-encode_type=png", "-resize_height=18", "-resize_width=16"], list: dataFixture("mixed.txt"))
    #expect(run.messages.contains("encode_type specified, assuming encoded=true."))
    let expected = try records(of: dataFixture("lmdb_encoded_png"))
    for (record, golden) in try zip(records("db"), expected) {
      #expect(record.key == golden.key)
      let (datum, other) = (try Datum(serializedBytes: record.value), try Datum(serializedBytes: golden.value))
      #expect(datum.encoded && datum.label == other.label && !datum.hasChannels)
      #expect(try Bitmap(decoding: datum.data) == Bitmap(decoding: other.data))
    }
  }

  @Test(arguments: ["bmp", "ppm"]) func `reads and stores BMP and PNM files`(type: String) throws {
    let picture = try Data(contentsOf: URL(filePath: dataFixture("images/a.png")))
    let image = try Bitmap(decoding: picture, DecodingOptions(color: .color))
    let file = try folder.write(type == "bmp" ? image.bmp : image.pnm, to: "a.\(type)")
    let list = try folder.write("\(file) 3\n", to: "list")
    #expect(try Run("convert_imageset", "", list, "db", in: folder.url).status == 0)
    #expect(try Run("convert_imageset", "-encoded", "", list, "files", in: folder.url).status == 0)
    let pixels = try Datum(serializedBytes: records("db")[0].value)
    #expect(pixels.data == image.planes && pixels.label == 3)
    let stored = try Datum(serializedBytes: records("files")[0].value)
    #expect(stored.encoded)
    #expect(try stored.data == Data(contentsOf: URL(filePath: file)))
  }

  @Test func `stores what there is of a JPEG that was cut short, turns photographs, and tells the number`() throws {
    let list = try folder.write("truncated.jpg 1\nexif_6.jpg 2\n", to: "list")
    let run = try convert([], list: list)
    #expect(run.status == 0)
    #expect(run.errors.contains("truncated.jpg': the JPEG file is damaged, and was read as far as it goes"))
    #expect(run.messages.contains("1 of 2 images are damaged; what could be read of them is in the database."))
    let turned = try Datum(serializedBytes: records("db")[1].value)
    #expect((turned.height, turned.width) == (13, 11))
  }

  @Test func `goes on without an image that cannot be read, and says so`() throws {
    let run = try convert([], list: dataFixture("missing.txt"))
    #expect(run.status == 0)
    #expect(run.messages.contains("Could not open or find file \(dataFixture("images/"))no_such_file.png"))
    #expect(run.messages.contains("1 of 3 images could not be read and are not in the database."))
  }

  @Test func `shuffles, and in the same way with the same seed`() throws {
    let list = try imageList(count: 50)
    for name in ["a", "b"] { _ = try convert(["-shuffle", "-seed", "4"], list: list, database: name) }
    #expect(try convert(["-shuffle"], list: list, database: "c").messages.first == "Shuffling data")
    #expect(try records("a") == records("b"))
    #expect(try records("a") != records("c"))
    #expect(try Set(records("a").map { try Datum(serializedBytes: $0.value).label }).count == 50)
  }

  @Test(arguments: ["lmdb", "leveldb"])
  func `killed, it leaves what it had stored under another name, and the next run tells`(backend: String) throws {
    let list = try imageList(count: 200_000)
    let tool = try RunningTool(
      ["convert_imageset", "-backend", backend, dataFixture("images/"), list, "db"], in: folder.url)
    #expect(try tool.waits(for: "Processed 1000 files."))
    tool.send(SIGKILL)
    _ = try tool.finished()
    #expect(try files() == ["db.partial", "list"])
    let again = try convert(["-backend", backend], list: list)
    #expect(again.status == 1)
    #expect(again.errors.contains("an earlier run was interrupted and left db.partial"))
    try FileManager.default.moveItem(atPath: path("db.partial"), toPath: path("db"))
    let kept = try records("db")
    #expect(kept.count >= 1000 && kept.count % 1000 == 0)
    #expect(kept.last?.name == "\(recordKey(kept.count - 1))_s0.png")
  }

  @Test(arguments: ["lmdb", "leveldb"])
  func `a full disk is told, and what was stored is left under another name`(backend: String) throws {
    let list = try imageList(count: 20_000)
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    // Files of at most 2000 blocks of 512 bytes stand for a disk that is full.
    process.arguments = [
      "-c", "ulimit -f 2000; exec \"$0\" \"$@\"", try RunningTool.executable().path, "convert_imageset", "-backend",
      backend, dataFixture("images/"), list, path("db"),
    ]
    let errors = try FileHandle(forWritingTo: URL(filePath: folder.write("", to: "errors")))
    process.standardError = errors
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    #expect(try String(contentsOfFile: path("errors"), encoding: .utf8).contains("db: cannot write to the database"))
    #expect(try files() == ["db.partial", "errors", "list"])
    #expect(try openDatabase(path("db.partial")).makeCursor().next().name == "00000000_s0.png")
  }

  @Test func `takes a folder of classes in place of a list`() throws {
    for (name, image) in [("b_cats", "s1.png"), ("a_dogs", "s0.png")] {
      let classFolder = "\(path("set"))/\(name)"
      try FileManager.default.createDirectory(atPath: classFolder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: dataFixture("images/\(image)"), toPath: "\(classFolder)/\(image)")
    }
    let run = try Run("convert_imageset", "", "set", "db", in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages.prefix(3) == ["Label 0: a_dogs", "Label 1: b_cats", "A total of 2 images."])
    #expect(try records("db").map(\.name) == ["00000000_a_dogs/s0.png", "00000001_b_cats/s1.png"])
    #expect(try records("db").map { try Datum(serializedBytes: $0.value).label } == [0, 1])
  }

  // MARK: Bad input

  @Test func `stops at another size when it is to check sizes`() throws {
    let run = try convert(["-check_size"], list: dataFixture("mixed.txt"))
    #expect(run.status == 1)
    #expect(run.errors.contains("Incorrect data field size 1512"))
    #expect(try files().isEmpty)
  }

  @Test func `does not touch a database that exists`() throws {
    try folder.write("kept", to: "db")
    let run = try convert([], list: dataFixture("same.txt"))
    #expect(run.status == 1)
    #expect(run.errors.contains("mkdir db failed: File exists"))
    #expect(try String(contentsOfFile: path("db"), encoding: .utf8) == "kept")
  }

  @Test func `says that the list is missing or empty`() throws {
    #expect(try convert([], list: "absent.txt").errors.contains("absent.txt"))
    let empty = try convert([], list: folder.write("", to: "empty.txt"))
    #expect(empty.status == 1)
    #expect(empty.errors.contains("empty"))
    #expect(try files() == ["empty.txt"])
  }

  @Test func `makes no database when no image can be read`() throws {
    let run = try convert([], list: folder.write("absent.png 1\n", to: "list"))
    #expect(run.status == 1)
    #expect(run.errors.contains("none of its images could be read"))
    #expect(try files() == ["list"])
  }

  @Test func `refuses what it does not know`() throws {
    let type = try convert(["-encode_type", "gif"], list: dataFixture("same.txt"))
    #expect(type.status == 1 && type.errors.contains("images cannot be written as \"gif\""))
    let backend = try convert(["-backend", "sqlite"], list: dataFixture("same.txt"))
    #expect(backend.status == 2 && backend.errors.contains("Unknown database backend"))
    let width = try convert(["-resize_width", "-1"], list: dataFixture("same.txt"))
    #expect(width.status == 2 && width.errors.contains("-resize_width must be"))
    for (given, missing) in [("width", "height"), ("height", "width")] {
      let run = try convert(["-resize_\(given)", "8"], list: dataFixture("same.txt"))
      #expect(run.status == 2 && run.errors.contains("-resize_\(given) needs -resize_\(missing) beside it"))
    }
    let seed = try convert(["-seed", "4"], list: dataFixture("same.txt"))
    #expect(seed.status == 2 && seed.errors.contains("-seed is for -shuffle, which is missing."))
    #expect(try Run("a", "b", as: "convert_imageset").status == 2)
  }

  @Test func `says that a folder needs no root folder`() throws {
    try FileManager.default.createDirectory(at: folder.url.appending(path: "in/cat"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: dataFixture("images/s0.png"), toPath: path("in/cat/s0.png"))
    let run = try Run("convert_imageset", "pictures/", "in", "db", in: folder.url)
    #expect(run.status == 0)
    #expect(run.messages.contains("ROOTFOLDER pictures/ has no effect, as in is no list of paths."))
    #expect(try !Run("convert_imageset", "", "in", "db2", in: folder.url).errors.contains("has no effect"))
  }

  @Test func `makes no database in place of a file`() throws {
    try folder.write("kept", to: "file")
    for name in ["file", "file/", "file//"] {
      let run = try convert([], list: dataFixture("same.txt"), database: name)
      #expect(run.status == 1 && run.errors.contains("File exists"))
    }
    #expect(try files() == ["file"])
  }

  private func convert(_ flags: [String], list: String, database: String = "db") throws -> Run {
    try Run(flags + [dataFixture("images/"), list, database], as: "convert_imageset", in: folder.url)
  }

  /// A list that names one small image many times, with labels from 0.
  private func imageList(count: Int) throws -> String {
    try folder.write((0..<count).map { "s0.png \($0)\n" }.joined(), to: "list")
  }

  private func path(_ name: String) -> String { "\(folder.url.path)/\(name)" }
  private func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
  }
  private func records(_ name: String) throws -> [Record] { try records(of: path(name)) }

  private func records(of path: String) throws -> [Record] {
    var records: [Record] = []
    try openDatabase(path).forEachRecord { record, _ in records.append(record) }
    return records
  }
}
