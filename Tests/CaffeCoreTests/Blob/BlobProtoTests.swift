import Caffe
import Testing

@Suite struct `A stored blob` {
  @Test func `has the shape that it says`() throws {
    let proto = stored([2, 3])
    #expect(proto.hasShape(of: [2, 3]))
    #expect(!proto.hasShape(of: [2, 3, 1, 1]))
    #expect(!proto.hasShape(of: [3, 2]))
    #expect(proto.shapeText == "2 3 (6)")
    #expect(try proto.checkedShape() == [2, 3])
  }

  @Test func `of four old dimensions is compared from the end`() {
    let bias = legacy(1, 1, 1, 5)
    #expect(bias.hasShape(of: [5]))
    #expect(bias.hasShape(of: [1, 5]))
    #expect(bias.hasShape(of: [1, 1, 1, 5]))
    #expect(!bias.hasShape(of: [5, 1]))
    #expect(!bias.hasShape(of: [1, 1, 1, 1, 5]))
    #expect(legacy(1, 1, 4, 5).hasShape(of: [4, 5]))
    #expect(!legacy(2, 1, 4, 5).hasShape(of: [4, 5]))
    #expect(bias.shapeText == "1 1 1 5 (5)")
  }

  @Test func `with a missing old dimension counts it as it is stored`() {
    var proto = BlobProto()
    proto.width = 5
    #expect(!proto.hasShape(of: [5]))
  }

  @Test func `becomes a blob with its values and its gradient`() throws {
    var proto = stored([2])
    proto.data = [1, 2]
    proto.diff = [3, 4]
    let blob = try Blob(proto)
    #expect(blob.shape == [2])
    #expect(blob.array == [1, 2])
    #expect(blob.diffArray == [3, 4])
  }

  @Test func `prefers doubles to floats`() throws {
    var proto = stored([2])
    proto.data = [1, 2]
    proto.doubleData = [0.5, 1.5]
    proto.diff = [1, 2]
    proto.doubleDiff = [3.5, 4.5]
    let blob = try Blob(proto)
    #expect(blob.array == [0.5, 1.5])
    #expect(blob.diffArray == [3.5, 4.5])
  }

  @Test func `is refused when values are missing`() {
    var proto = stored([3])
    proto.data = [1, 2]
    let error = #expect(throws: NetError.self) { try Blob(proto) }
    #expect(error?.problem.contains("holds 2 values") == true)
  }

  @Test func `is refused when gradients are missing`() {
    var proto = stored([2])
    proto.data = [1, 2]
    proto.diff = [1]
    let error = #expect(throws: NetError.self) { try Blob(proto) }
    #expect(error?.problem == "a stored blob holds 1 gradients, but its shape has 2")
  }

  @Test(arguments: [[1 << 40, 1 << 40], [-1], [65536, 32768]])
  func `is refused before memory is taken for a forged shape`(dimensions: [Int64]) {
    var proto = BlobProto()
    proto.shape.dim = dimensions
    #expect(throws: NetError.self) { try Blob(proto) }
    #expect(!proto.shapeText.isEmpty)
  }

  @Test func `is what it was after a round trip`() throws {
    let blob = Blob([2, 1], [1, 2])
    blob.diffArray = [3, 4]
    #expect(blob.proto().diff.isEmpty)
    let copy = try Blob(blob.proto(withDiff: true))
    #expect(copy.shape == [2, 1])
    #expect(copy.array == [1, 2])
    #expect(copy.diffArray == [3, 4])
    #expect(!blob.proto().hasNum)
  }

  @Test func `of shape scalar holds one value`() throws {
    let loss = Blob(.scalar, [7])
    #expect(try Blob(loss.proto()).scalar == 7)
  }

  private func stored(_ dimensions: [Int64]) -> BlobProto {
    var proto = BlobProto()
    proto.shape.dim = dimensions
    return proto
  }

  private func legacy(_ num: Int32, _ channels: Int32, _ height: Int32, _ width: Int32) -> BlobProto {
    var proto = BlobProto()
    proto.num = num
    proto.channels = channels
    proto.height = height
    proto.width = width
    return proto
  }
}
