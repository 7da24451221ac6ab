import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeProto
import Foundation
import Testing

@Suite struct `MemoryData layer` {
  @Test func `puts out the batches of Caffe`() throws {
    let golden = try GoldenBatches("MemoryData_basic")
    let fed = try HDF5File(reading: fixture("MemoryData_basic.h5")).root.group("fed")
    let runner = try LayerRunner<MemoryDataLayer>(golden.prototxt, phase: golden.phase)
    #expect(runner.tops[1].shape == [2])
    try runner.layer.setArrays(data: fed.dataset("data").floats(), labels: fed.dataset("label").floats())
    try golden.check(runner)
  }

  @Test func `reads arrays where they are`() throws {
    let data = UnsafeMutableBufferPointer<Float>.allocate(capacity: 4)
    defer { data.deallocate() }
    data.initialize(repeating: 1)
    let runner = try LayerRunner<MemoryDataLayer>(net())
    try runner.layer.setArrays(data: UnsafeBufferPointer(data), labels: UnsafeBufferPointer(rebasing: data[..<2]))
    data[1] = 5
    #expect(try runner.pass() == [[1, 5, 1, 1], [1, 5]])
  }

  @Test func `transforms records, and takes more when they are consumed`() throws {
    let runner = try LayerRunner<MemoryDataLayer>(net("transform_param { scale: 10 }"))
    try runner.layer.addDatums([datum(1), datum(2), datum(3), datum(4)])
    #expect(try runner.pass() == [[10, 10, 20, 20], [1, 2]])
    #expect(
      message { try runner.layer.addDatums([datum(1), datum(2)]) }
        .contains("Can't add data until current data has been consumed."))
    #expect(try runner.pass()[1] == [3, 4])
    try runner.layer.addDatums([datum(5), datum(6)])
    #expect(try runner.pass()[1] == [5, 6])
  }

  // MARK: Bad input

  @Test func `says that there are no data yet`() throws {
    let runner = try LayerRunner<MemoryDataLayer>(net())
    #expect(message { try runner.pass() }.contains("MemoryDataLayer needs to be initialized by calling Reset"))
  }

  @Test func `refuses arrays of the wrong size`() throws {
    let layer = try LayerRunner<MemoryDataLayer>(net()).layer
    #expect(message { try layer.setArrays(data: [1, 2], labels: [1]) }.contains("multiple of batch size"))
    #expect(message { try layer.setArrays(data: [], labels: []) }.contains("multiple of batch size"))
    #expect(
      message { try layer.setArrays(data: [1, 2, 3], labels: [1, 2]) }.contains("2 labels need 2 images of 1x1x2"))
    #expect(message { try layer.addDatums([datum(1)]) }.contains("multiple of the batch size"))
    var other = datum(1)
    (other.width, other.data) = (1, Data([1]))
    #expect(message { try layer.addDatums([other, other]) }.contains("record 0 gives 1x1x1"))
  }

  @Test func `refuses extents of 0`() {
    let text = message { _ = try LayerRunner<MemoryDataLayer>(net().replacingOccurrences(of: "height: 1", with: "")) }
    #expect(text.contains("must be specified and positive"))
  }

  private func net(_ settings: String = "") -> String {
    """
    layer {
      type: "MemoryData" top: "data" top: "label" \(settings)
      memory_data_param { batch_size: 2 channels: 1 height: 1 width: 2 }
    }
    """
  }

  private func datum(_ value: UInt8) -> Datum {
    var datum = Datum()
    (datum.channels, datum.height, datum.width) = (1, 1, 2)
    datum.data = Data([value, value])
    datum.label = Int32(value)
    return datum
  }
}
