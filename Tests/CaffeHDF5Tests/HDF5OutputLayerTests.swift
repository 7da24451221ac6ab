import Caffe
import CaffeTesting
import Foundation
import Testing

@Suite struct `The HDF5Output layer` {
  private let path = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString).h5").path

  private func layer() throws -> LayerDefinition {
    try Prototxt.parse(
      LayerDefinition.self, text: #"type: "HDF5Output" hdf5_output_param { file_name: "\#(path)" }"#, file: "layer")
  }

  private func make(_ bottom: [Blob]) throws -> HDF5OutputLayer {
    let context = LayerContext(phase: .test, engine: ReferenceEngine(), registry: .standard, seed: 1)
    let layer = try HDF5OutputLayer(layer(), in: context)
    try layer.setUp(bottom, [])
    try layer.reshape(bottom, [])
    return layer
  }

  private func remove() { try? FileManager.default.removeItem(atPath: path) }

  @Test func `keeps the contract of every layer`() throws {
    defer { remove() }
    try LayerContract(layer(), bottoms: [[3, 2, 3], [3]]).check(on: .reference)
  }

  @Test func `writes data and label with 4 axes`() throws {
    defer { remove() }
    let bottom = [Blob([3, 2, 3], (0..<18).map(Float.init)), Blob([3], [7, 8, 9])]
    try make(bottom).forward(bottom, [])
    let root = try HDF5File(reading: path).root
    #expect(try root.names() == ["data", "label"])
    #expect(try root.dataset("data").shape == [3, 2, 3, 1])
    #expect(try root.dataset("data").floats() == (0..<18).map(Float.init))
    #expect(try root.dataset("label").shape == [3, 1, 1, 1])
    #expect(try root.dataset("label").floats() == [7, 8, 9])
  }

  @Test func `adds the batches of later passes, and the file is whole after each`() throws {
    defer { remove() }
    let bottom = [Blob([2, 2]), Blob([2])]
    let layer = try make(bottom)
    var data: [Float] = []
    var labels: [Float] = []
    for (pass, size) in [2, 0, 3, 1].enumerated() {
      let first = Float(100 * pass)
      bottom[0].reshape(to: [size, 2])
      bottom[1].reshape(to: [size])
      for i in 0..<2 * size { bottom[0].data.mutableValues[i] = first + Float(i) }
      for i in 0..<size { bottom[1].data.mutableValues[i] = -first - Float(i) }
      data += bottom[0].data.values
      labels += bottom[1].data.values
      try layer.reshape(bottom, [])
      try layer.forward(bottom, [])
      let root = try HDF5File(reading: path).root
      #expect(try root.dataset("data").shape == [labels.count, 2, 1, 1])
      #expect(try root.dataset("data").floats() == data)
      #expect(try root.dataset("label").floats() == labels)
    }
  }

  @Test func `empties the file at set-up`() throws {
    defer { remove() }
    let bottom = [Blob([1, 1], [5]), Blob([1], [6])]
    try make(bottom).forward(bottom, [])
    _ = try make(bottom)
    #expect(try HDF5File(reading: path).root.names().isEmpty)
  }

  @Test func `is closed between passes, so that the file may be moved away, which the next pass reports`() throws {
    let bottom = [Blob([1, 1], [5]), Blob([1], [6])]
    let layer = try make(bottom)
    remove()
    #expect(throws: HDF5Error.self) { try layer.forward(bottom, []) }
  }

  @Test func `refuses rows of another shape than before`() throws {
    defer { remove() }
    let bottom = [Blob([1, 2]), Blob([1])]
    let layer = try make(bottom)
    try layer.forward(bottom, [])
    bottom[0].reshape(to: [1, 3])
    let error = #expect(throws: HDF5Error.self) { try layer.forward(bottom, []) }
    #expect(error?.reason.contains("its rows have the shape [2, 1, 1], the new ones [3, 1, 1]") == true)
  }

  @Test func `refuses more than 4 axes`() {
    defer { remove() }
    let error = #expect(throws: NetError.self) { try make([Blob([1, 1, 1, 1, 1]), Blob([1])]) }
    #expect(error?.problem.contains("bottom[0] has 5 axes") == true)
  }

  @Test func `refuses batches of different size`() {
    defer { remove() }
    let error = #expect(throws: NetError.self) { try make([Blob([2, 1]), Blob([3])]) }
    #expect(error?.problem.contains("The data and label should have the same first dimension. (2 vs. 3)") == true)
  }

  @Test func `needs a file name`() {
    let context = LayerContext(phase: .test, engine: ReferenceEngine(), registry: .standard, seed: 1)
    #expect(throws: NetError.self) { try HDF5OutputLayer(LayerDefinition(), in: context) }
  }

  @Test func `names a file that cannot be written`() {
    var definition = LayerDefinition()
    definition.hdf5OutputParam.fileName = "/nowhere/at/all.h5"
    let context = LayerContext(phase: .test, engine: ReferenceEngine(), registry: .standard, seed: 1)
    let error = #expect(throws: HDF5Error.self) {
      try HDF5OutputLayer(definition, in: context).setUp([Blob(), Blob()], [])
    }
    #expect(error?.file == "/nowhere/at/all.h5")
  }
}
