import CaffeCore
import CaffeData
import CaffeProto
import Foundation
import Testing

@Suite struct `Data layer` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    "crop_full", "crop_odd", "encoded_force_color", "encoded_force_gray", "encoded_native", "encoded_png",
    "float_features", "gray", "leveldb", "many", "mean_file", "mean_file_crop_scale", "mean_value_one",
    "mean_values_scale", "mixed_sizes_batch1", "no_label", "overflow", "plain", "prefetch_many", "prefetch_one",
    "rand_skip_ignored", "resized", "scale", "train_plain",
  ])
  func `puts out the batches of Caffe`(name: String) throws {
    let golden = try GoldenBatches("Data_\(name)")
    try golden.check(LayerRunner<DataLayer>(golden.prototxt, phase: golden.phase))
  }

  @Test func `draws the same whatever is read ahead, and otherwise with another seed`() throws {
    func batches(_ prefetch: Int, _ seed: UInt64) throws -> [Float] {
      try LayerRunner<DataLayer>(
        net("transform_param { crop_size: 5 mirror: true }", prefetch), phase: .train, seed: seed
      )
      .passes(6)
    }
    #expect(try batches(1, 7) == batches(4, 7))
    #expect(try batches(4, 7) != batches(4, 8))
  }

  @Test func `goes on from a stored position as if nothing had happened`() throws {
    let text = net("transform_param { crop_size: 5 mirror: true }")
    let whole = try LayerRunner<DataLayer>(text, phase: .train, seed: 7)
    try whole.passes(4)
    #expect(whole.layer.position == 12)
    let resumed = try LayerRunner<DataLayer>(text, phase: .train, seed: 99)
    try resumed.pass()
    resumed.layer.restore(seed: whole.layer.seed, position: whole.layer.position)
    #expect(try resumed.passes(5) == whole.passes(5))
  }

  @Test func `shares the records among solvers in TRAIN, not in TEST`() throws {
    func labels(_ phase: Phase, _ rank: Int) throws -> [Float] {
      try LayerRunner<DataLayer>(net(batchSize: 1), phase: phase, rank: rank, solverCount: 2).passes(6, top: 1)
    }
    let all = try LayerRunner<DataLayer>(net(batchSize: 1)).passes(12, top: 1)
    #expect(try labels(.train, 0) == stride(from: 0, to: 12, by: 2).map { all[$0] })
    #expect(try labels(.train, 1) == stride(from: 1, to: 12, by: 2).map { all[$0] })
    #expect(try labels(.test, 1) == Array(all.prefix(6)))
  }

  @Test func `keeps the memory of a top that somebody looks at`() throws {
    let runner = try LayerRunner<DataLayer>(net())
    let expected = try LayerRunner<DataLayer>(net()).passes(3)
    runner.tops[0].data.pin()
    let address = runner.tops[0].data.values.baseAddress
    #expect(try runner.passes(3) == expected)
    #expect(runner.tops[0].data.values.baseAddress == address)
    runner.tops[0].data.unpin()
  }

  @Test func `leaves labels as they are, however large or negative`() throws {
    let source = try database([(1, 2, -5), (1, 2, 70000)])
    #expect(try LayerRunner<DataLayer>(net(source: source, batchSize: 2)).passes(1, top: 1) == [-5, 70000])
  }

  @Test func `needs no backend when the folder shows it`() throws {
    let text = net().replacingOccurrences(of: "backend: LMDB", with: "")
    let values = try LayerRunner<DataLayer>(text).passes(2)
    #expect(
      try LayerRunner<DataLayer>(text.replacingOccurrences(of: "lmdb_same", with: "leveldb_same")).passes(2) == values)
  }

  @Test func `refuses a backend that the folder is not`() {
    #expect(message { _ = try LayerRunner<DataLayer>(net(source: "leveldb_same")) }.contains("LMDB was asked for"))
    let text = net().replacingOccurrences(of: "backend: LMDB", with: "backend: LEVELDB")
    #expect(message { _ = try LayerRunner<DataLayer>(text) }.contains("LevelDB was asked for"))
  }

  @Test func `has an axis for labels when records have several`() throws {
    let source = try database { index in
      var datum = grey(2, 2, 0)
      datum.labels = [Float(index), 0.5]
      return datum
    }
    let runner = try LayerRunner<DataLayer>(net(source: source, batchSize: 2))
    #expect(try runner.pass()[1] == [0, 0.5, 1, 0.5])
    #expect(runner.tops[1].shape == [2, 2])
  }

  @Test func `leaves corrupt records out, and counts them`() throws {
    let source = try database { index in
      var datum = grey(2, 2, Int32(index))
      if index == 1 { (datum.encoded, datum.data) = (true, Data([0xFF, 0xD8, 1, 2])) }
      return datum
    }
    let text = net(source: source, batchSize: 2)
    #expect(message { _ = try LayerRunner<DataLayer>(text) }.contains("record '00000001' of \(source): the JPEG file"))
    let skipping = text.replacing("batch_size", with: "skip_corrupt: true batch_size")
    let whole = try LayerRunner<DataLayer>(skipping)
    #expect(try whole.passes(3, top: 1) == [0, 2, 3, 0, 2, 3])
    let resumed = try LayerRunner<DataLayer>(skipping)
    resumed.layer.restore(seed: 1, position: whole.layer.position)
    #expect(try resumed.passes(2, top: 1) == whole.passes(2, top: 1))
  }

  // MARK: Bad input

  @Test func `gives up when no record can be decoded`() throws {
    let source = try database { _ in
      var datum = grey(2, 2, 0)
      (datum.encoded, datum.data) = (true, Data())
      return datum
    }
    let text = net(source: source, batchSize: 2).replacing("batch_size", with: "skip_corrupt: true batch_size")
    #expect(message { _ = try LayerRunner<DataLayer>(text) }.contains("not one of 4 images can be read"))
  }

  @Test func `refuses records with different numbers of labels`() throws {
    let source = try database { index in
      var datum = grey(2, 2, 0)
      datum.labels = Array(repeating: 1, count: index + 1)
      return datum
    }
    let text = message { _ = try LayerRunner<DataLayer>(net(source: source, batchSize: 2)) }
    #expect(text.contains("it has 2 labels, but the first of its batch has 1"))
  }

  @Test func `refuses records of different shapes in one batch`() throws {
    let source = try database([(2, 2, 0), (2, 3, 0)])
    let text = message { _ = try LayerRunner<DataLayer>(net(source: source, batchSize: 2)) }
    #expect(text.contains("record '00000001' of \(source): it is 1x2x3, but the first of its batch is 1x2x2"))
  }

  @Test func `hands out what came before the record that is wrong`() throws {
    let source = try database([(2, 2, 0), (2, 2, 1), (2, 3, 2)])
    let runner = try LayerRunner<DataLayer>(net(source: source, batchSize: 2))
    #expect(try runner.pass()[1] == [0, 1])
    #expect(message { try runner.pass() }.contains("it is 1x2x2, but the first of its batch is 1x2x3"))
    #expect(message { try runner.pass() }.contains("but the first of its batch"))
  }

  @Test func `says that a record is no Datum`() throws {
    let writer = try LMDBWriter(creating: folder.file("db"))
    try writer.put([0xFF, 0xFF, 0xFF], key: "k")
    try writer.finish()
    let text = message { _ = try LayerRunner<DataLayer>(net(source: folder.file("db"))) }
    #expect(text.contains("record 'k' of \(folder.file("db")): it is no Datum"))
  }

  @Test func `says that the database is missing`() {
    #expect(
      message { _ = try LayerRunner<DataLayer>(net(source: "/absent")) }.contains("/absent: No such file or directory"))
  }

  @Test func `refuses an empty batch, no source and no prefetching`() {
    #expect(message { _ = try LayerRunner<DataLayer>(net(batchSize: 0)) }.contains("batch_size is 0"))
    #expect(message { _ = try LayerRunner<DataLayer>(net("", 0)) }.contains("prefetch is 0"))
    #expect(
      message { _ = try LayerRunner<DataLayer>("layer { type: \"Data\" top: \"x\" data_param { batch_size: 1 } }") }
        .contains("data_param.source is missing"))
  }

  @Test func `refuses a batch that no blob can hold`() {
    #expect(
      message { _ = try LayerRunner<DataLayer>(net(batchSize: 4_000_000_000)) }.contains("blob size exceeds INT_MAX"))
  }

  @Test func `goes on in a LevelDB database from any position, also of a later pass`() throws {
    let text = net(source: "leveldb_same", batchSize: 2).replacingOccurrences(of: "backend: LMDB", with: "")
    let whole = try LayerRunner<DataLayer>(text)
    try whole.passes(4)
    let resumed = try LayerRunner<DataLayer>(text)
    resumed.layer.restore(seed: 1, position: whole.layer.position)
    #expect(try resumed.passes(3) == whole.passes(3))
  }

  private func net(
    _ settings: String = "", _ prefetch: Int = 4, source: String = "lmdb_same", batchSize: Int = 3
  ) -> String {
    """
    layer {
      type: "Data" top: "data" top: "label" \(settings)
      data_param { source: "\(source)" batch_size: \(batchSize) backend: LMDB prefetch: \(prefetch) }
    }
    """
  }

  private func grey(_ height: Int, _ width: Int, _ label: Int32) -> Datum {
    var datum = Datum()
    datum.channels = 1
    datum.height = Int32(height)
    datum.width = Int32(width)
    datum.data = Data(count: height * width)
    datum.label = label
    return datum
  }

  /// A database of grey images with the given heights, widths and labels.
  private func database(_ records: [(height: Int, width: Int, label: Int32)]) throws -> String {
    try database(count: records.count) { grey(records[$0].height, records[$0].width, records[$0].label) }
  }

  private func database(count: Int = 4, _ datum: (Int) -> Datum) throws -> String {
    let writer = try LMDBWriter(creating: folder.file("db"))
    for index in 0..<count { try writer.put(datum(index).serializedBytes(), key: recordKey(index)) }
    try writer.finish()
    return folder.file("db")
  }
}
