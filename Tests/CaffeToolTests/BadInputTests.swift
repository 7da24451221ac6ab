import Caffe
import Foundation
import Testing

@Suite struct `Bad input to caffe train` {
  /// A mistake in the net, what to replace by what, and the message.
  struct Mistake: CustomTestStringConvertible {
    let testDescription: String
    let part: String
    let other: String
    let message: String

    init(_ testDescription: String, _ part: String, _ other: String, _ message: String) {
      self.testDescription = testDescription
      self.part = part
      self.other = other
      self.message = message
    }
  }

  static let mistakes = [
    Mistake(
      "unknown field", "stride: 2", "strides: 2", #"PoolingParameter has no field "strides"; did you mean "stride"?"#),
    Mistake("wrong type", "num_output: 4", "num_output: four", "net.prototxt:9:35: error: expected an integer"),
    Mistake("wrong enum", "backend: LMDB", "backend: LMDBB", "backend has no value LMDBB; did you mean LMDB?"),
    Mistake(
      "missing brace", "kernel_size: 2 stride: 2 }", "kernel_size: 2 stride: 2",
      #"net.prototxt:12:1: error: LayerParameter has no field "layer"; it belongs to the enclosing NetParameter"#),
    Mistake(
      "bottom without producer", #"bottom: "conv""#, #"bottom: "conf""#,
      "Unknown bottom blob 'conf' (layer 'pool', bottom index 0)\n  did you mean 'conv'?"),
    Mistake(
      "two producers", #"top: "loss""#, #"top: "data""#, "Top blob 'data' produced by multiple sources."),
    Mistake("unknown layer", "SoftmaxWithLoss", "SoftMaxWithLoss", "Unknown layer type: SoftMaxWithLoss"),
    Mistake(
      "label out of range", "num_output: 10", "num_output: 5",
      "net.prototxt:17:1: error: layer 'loss' (SoftmaxWithLoss):"),
    Mistake("database absent", "digits_lmdb", "no_lmdb", "no_lmdb"),
  ]

  @Test(arguments: mistakes) func `is named, with exit code 1`(mistake: Mistake) throws {
    let folder = try DigitsFolder()
    try folder.replace(mistake.part, by: mistake.other, in: "net.prototxt")
    let run = try folder.train()
    #expect(run.status == 1)
    #expect(run.errors.contains(mistake.message))
    #expect(try !folder.files().contains { $0.hasPrefix("run_iter") })
  }

  @Test func `weights of another shape are named with both shapes and the way out`() throws {
    let folder = try DigitsFolder()
    #expect(try folder.train().status == 0)
    try folder.replace("num_output: 10", by: "num_output: 12", in: "net.prototxt")
    let run = try folder.train("--weights", "run_iter_8.caffemodel")
    #expect(run.status == 1)
    #expect(run.errors.contains("Cannot copy param 0 weights from layer 'ip'; shape mismatch."))
    #expect(run.errors.contains("Source param shape is 10 16 (160); target param shape is 12 16 (192)."))
    #expect(run.errors.contains("rename the layer"))
  }

  @Test func `a loss that is not a number stops the run and names its layer`() throws {
    let folder = try DigitsFolder()
    try folder.replace("base_lr: 0.01", by: "base_lr: 1e30", in: "solver.prototxt")
    let run = try folder.train()
    #expect(run.status == 1)
    #expect(run.errors.contains("the loss is NaN at iteration"))
    #expect(run.errors.contains(/layer '(conv|ip)' .* was the first to produce (NaN|infinite values)/))
  }

  @Test(arguments: [0, 100, 4096, 9000]) func `a database cut short is named`(size: Int) throws {
    let folder = try DigitsFolder()
    try folder.scratch.write(try folder.bytes("digits_lmdb/data.mdb").prefix(size), to: "digits_lmdb/data.mdb")
    let run = try folder.train()
    #expect(run.status == 1)
    #expect(run.errors.contains("digits_lmdb"))
  }

  @Test func `records of different shapes in one batch are named`() throws {
    let folder = try DigitsFolder()
    let writer = try LMDBWriter(creating: "\(folder.path)/mixed_lmdb")
    for size in 6...12 {
      let datum = Datum.with {
        $0.channels = 1
        $0.height = Int32(size)
        $0.width = 8
        $0.data = Data(repeating: 1, count: size * 8)
      }
      try writer.put(datum.serializedBytes(), key: recordKey(size))
    }
    try writer.finish()
    try folder.replace("digits_lmdb", by: "mixed_lmdb", in: "net.prototxt")
    try folder.replace("crop_size: 6", by: "", in: "net.prototxt")
    let run = try folder.train()
    #expect(run.status == 1)
    #expect(run.errors.contains("record '00000007' of mixed_lmdb"))
  }
}
