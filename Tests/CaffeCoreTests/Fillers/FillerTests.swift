import Caffe
import Foundation
import Testing

@Suite struct `A filler` {
  @Test(arguments: try FillerRecord.all()) func `fills as the original does`(record: FillerRecord) throws {
    let filler = try record.filler()
    let expected = record.weight
    let blob = Blob(Shape(expected.shape))
    var random = Random(seed: 7)
    try filler.fill(blob, from: &random)

    let actual = Statistics(blob.array)
    let count = Double(blob.count)
    // Two samples' means differ by some standard errors, their deviations by some per cent,
    // by more where few values are not zero.
    #expect(abs(actual.mean - expected.mean) < 8 * expected.std / count.squareRoot() + 1e-6)
    #expect(abs(actual.deviation - expected.std) < (expected.zeros > 0 ? 0.05 : 0.02) * expected.std + 1e-6)
    #expect(abs(actual.zeros - expected.zeros) < 0.01)
    if filler.type == "gaussian" || filler.type == "msra" {
      #expect(abs(actual.maximum - expected.max) < 1.5 * expected.std * (expected.zeros > 0 ? 4 : 1))
    } else {
      #expect(abs(actual.minimum - expected.min) <= 0.002 * (expected.max - expected.min) + 1e-6)
      #expect(abs(actual.maximum - expected.max) <= 0.1 * (expected.max - expected.min) + 1e-6)
    }
    let rows = blob.array.chunks(of: blob.count / blob.shape[0]).map { Double($0.reduce(0, +)) }
    let spread = expected.rowSumMax - expected.rowSumMin
    #expect((rows.min() ?? 0) > expected.rowSumMin - 0.5 * spread - 1e-3)
    #expect((rows.max() ?? 0) < expected.rowSumMax + 0.5 * spread + 1e-3)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 8]) func `of type bilinear gives exactly the original's kernel`(size: Int) throws {
    let file = try HDF5File(reading: Fixtures.golden.appending(path: "fillers/bilinear.h5").path)
    let kernel = try file.root.dataset("kernel_\(size)")
    let blob = Blob(Shape(kernel.shape))
    var random = Random(seed: 1)
    try filler("bilinear").fill(blob, from: &random)
    for (actual, expected) in zip(blob.array, try kernel.floats()) { #expect(abs(actual - expected) < 1e-6) }
  }

  @Test func `takes the fan of a vector for what it is`() throws {
    // One axis: fan in 1, fan out the count.
    let blob = Blob([10_000])
    var random = Random(seed: 1)
    var xavier = filler("xavier")
    try xavier.fill(blob, from: &random)
    #expect(abs(Statistics(blob.array).maximum - 3.0.squareRoot()) < 0.01)
    xavier.varianceNorm = .fanOut
    try xavier.fill(blob, from: &random)
    #expect(abs(Statistics(blob.array).maximum - (3.0 / 10_000).squareRoot()) < 0.001)
  }

  @Test
  func `of type positive_unitball takes a scalar for one row`() throws {
    let blob = Blob(.scalar)
    var random = Random(seed: 1)
    try filler("positive_unitball").fill(blob, from: &random)
    #expect(blob.scalar == 1)
  }

  @Test func `gives the same values for the same random numbers`() throws {
    let blobs = try (0..<2).map { _ in
      let blob = Blob([5, 5])
      var random = Random(seed: 9)
      try filler("gaussian").fill(blob, from: &random)
      return blob.array
    }
    #expect(blobs[0] == blobs[1])
  }

  @Test(arguments: ["constant", "uniform", "gaussian", "positive_unitball", "xavier", "msra", "bilinear"])
  func `gives the same values later as now`(type: String) throws {
    let (now, later) = (Blob([2, 2, 3, 3]), Blob([2, 2, 3, 3]))
    var random = Random(seed: 9)
    try filler(type).fillLater(later, from: random)
    try filler(type).fill(now, from: &random)
    #expect(later.array == now.array)
  }

  @Test func `refuses a type it does not know`() throws {
    #expect(try complaint(filler("guassian"), [2])?.problem == "Unknown filler name: guassian")
  }

  @Test func `refuses sparsity for all types but gaussian`() throws {
    var uniform = filler("uniform")
    uniform.sparse = 3
    #expect(try complaint(uniform, [2])?.problem.hasPrefix("Sparsity not supported by this Filler.") == true)
  }

  @Test func `refuses to fill an empty blob`() throws {
    #expect(try complaint(filler("constant"), [0, 3])?.problem.contains("empty blob") == true)
  }

  @Test(arguments: [[2, 2, 3, 4], [3, 3]]) func `of type bilinear refuses all but square kernels`(shape: [Int]) throws {
    #expect(try complaint(filler("bilinear"), Shape(shape))?.problem.contains("square kernel") == true)
  }

  private func filler(_ type: String) -> FillerParameter {
    var filler = FillerParameter()
    filler.type = type
    return filler
  }

  private func complaint(_ filler: FillerParameter, _ shape: Shape) throws -> NetError? {
    var random = Random(seed: 1)
    return #expect(throws: NetError.self) { try filler.fill(Blob(shape), from: &random) }
  }
}

/// What the original's filler did with one setting.
struct FillerRecord: Decodable, Sendable, CustomTestStringConvertible {
  struct Values: Decodable {
    var shape: [Int]
    var mean: Double
    var std: Double
    var min: Double
    var max: Double
    var zeros: Double
    var rowSumMin: Double
    var rowSumMax: Double
  }

  var name: String
  var prototxt: String
  var weight: Values

  var testDescription: String { name }

  static func all() throws -> [FillerRecord] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let file = Fixtures.golden.appending(path: "fillers/fillers.json")
    return try decoder.decode([FillerRecord].self, from: Data(contentsOf: file))
  }

  func filler() throws -> FillerParameter {
    let net = try NetDefinition(text: prototxt, file: name).parameter
    let layer = try #require(net.layer.last)
    return layer.type == "InnerProduct" ? layer.innerProductParam.weightFiller : layer.convolutionParam.weightFiller
  }
}

extension [Float] {
  fileprivate func chunks(of length: Int) -> [ArraySlice<Float>] {
    stride(from: 0, to: count, by: length).map { self[$0..<$0 + length] }
  }
}
