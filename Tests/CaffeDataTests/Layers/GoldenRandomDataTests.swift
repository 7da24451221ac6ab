import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeProto
import Foundation
import Testing

/// Batches that Caffe drew at random, and what holds for every draw: each image that comes out is one of a known set.
@Suite struct `Random batches` {
  /// All images that a layer may put out, with their labels.
  private typealias Candidates = [Item]

  private struct Item: Hashable {
    var values: [Float]
    var label: Float
  }

  @Test func `are windows of the stored images`() throws {
    try check("Data_crop_train", DataLayer.self, windows(side: 8), varied: true)
  }

  @Test func `are the stored images or their mirror images in TRAIN and in TEST`() throws {
    let candidates = try stored().flatMap { [$0.item, $0.mirrored] }
    try check("Data_mirror_train", DataLayer.self, candidates, varied: true)
    try check("Data_mirror_test", DataLayer.self, candidates, varied: true)
  }

  @Test func `are the middle, mirrored or not, in TEST`() throws {
    let middle = try stored().map { $0.window(top: 2, left: 3, side: 7) { (pixel, _) in pixel - 100 } }
    try check("Data_crop_mirror_test", DataLayer.self, middle.flatMap { [$0.item, $0.mirrored] }, varied: true)
  }

  @Test func `are windows without the mean that lay there, mirrored or not`() throws {
    let (_, mean) = try readMean(fixture("mean_lmdb_same.binaryproto"))
    let candidates = try windows(side: 9, mirrored: true) { (pixel, place) in (pixel - mean[place]) * 0.5 }
    try check("Data_crop_mirror_mean_train", DataLayer.self, candidates, varied: true)
  }

  @Test func `have each image of a shuffled list once in a pass, with its own label`() throws {
    let candidates = try stored().map(\.item)
    try check("ImageData_shuffle", ImageDataLayer.self, candidates, varied: true)
    let golden = try HDF5File(reading: path("ImageData_shuffle")).root
    let runner = try LayerRunner<ImageDataLayer>(prototxt(golden), phase: .train)
    for _ in 0..<5 { #expect(try runner.pass()[1].sorted() == [0, 2, 3, 5, 6]) }
  }

  /// Checks Caffe's own draws, to see that the property is right, then ours.
  private func check<Kind: StatefulLayer>(
    _ name: String, _ kind: Kind.Type, _ candidates: Candidates, varied: Bool
  ) throws {
    let golden = try HDF5File(reading: path(name)).root
    let phase: Phase = try golden.string(attribute: "phase") == "TRAIN" ? .train : .test
    let runner = try LayerRunner<Kind>(prototxt(golden), phase: phase)
    var seen: [Set<Item>] = [[], []]
    for pass in 0..<(try golden.integers(attribute: "passes")[0]) {
      let theirs = try ["data", "label"].map { try golden.dataset("pass\(pass)/top/\($0)").floats() }
      for (source, tops) in try [theirs, runner.pass()].enumerated() {
        let size = tops[0].count / tops[1].count
        for (index, label) in tops[1].enumerated() {
          let values = Array(tops[0][index * size..<(index + 1) * size])
          let match = candidates.first { candidate in
            candidate.label == label && zip(candidate.values, values).allSatisfy { abs($0 - $1) < 1e-3 }
          }
          #expect(match != nil, "\(name), pass \(pass), item \(index) of \(source == 0 ? "Caffe" : "ours")")
          if let match { seen[source].insert(match) }
        }
      }
    }
    // Fifteen draws from that many candidates are not all alike.
    if varied { #expect(seen[1].count >= 5 && seen[0].count >= 5) }
  }

  private func path(_ name: String) -> String { fixture("../golden/random/\(name).h5") }

  private func prototxt(_ golden: HDF5Group) throws -> String {
    try golden.string(attribute: "prototxt").replacingOccurrences(of: "../data/", with: "")
  }

  // MARK: What may come out

  private struct Stored {
    var channels = 3
    var height: Int
    var width: Int
    var values: [Float]
    var label: Float

    var item: Item { Item(values: values, label: label) }

    var mirrored: Item {
      Item(
        values: stride(from: 0, to: values.count, by: width).flatMap { values[$0..<$0 + width].reversed() },
        label: label)
    }

    func window(top: Int, left: Int, side: Int, _ change: (Float, Int) -> Float) -> Stored {
      var part: [Float] = []
      for channel in 0..<channels {
        for y in top..<top + side {
          for x in left..<left + side {
            let place = (channel * height + y) * width + x
            part.append(change(values[place], place))
          }
        }
      }
      return Stored(height: side, width: side, values: part, label: label)
    }
  }

  private func stored() throws -> [Stored] {
    let runner = try LayerRunner<DataLayer>(
      "layer { type: \"Data\" top: \"data\" top: \"label\" data_param { source: \"lmdb_same\" batch_size: 5 backend: LMDB } }"
    )
    let tops = try runner.pass()
    let size = tops[0].count / 5
    return (0..<5).map { index in
      Stored(
        height: 12, width: 14, values: Array(tops[0][index * size..<(index + 1) * size]), label: tops[1][index])
    }
  }

  private func windows(
    side: Int, mirrored: Bool = false, _ change: (Float, Int) -> Float = { (pixel, _) in pixel }
  ) throws -> Candidates {
    var all: Candidates = []
    for image in try stored() {
      for top in 0...(image.height - side) {
        for left in 0...(image.width - side) {
          let window = image.window(top: top, left: left, side: side, change)
          all += mirrored ? [window.item, window.mirrored] : [window.item]
        }
      }
    }
    return all
  }
}
