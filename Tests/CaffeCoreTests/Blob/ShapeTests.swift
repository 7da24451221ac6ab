import Caffe
import Testing

@Suite struct `A shape` {
  @Test func `counts the product of its extents and a scalar one`() {
    #expect(Shape([2, 3, 4]).count == 24)
    #expect(Shape.scalar.count == 1)
    #expect(Shape([5, 0, 2]).count == 0)
  }

  @Test func `prints each extent and then the count`() {
    #expect(Shape([64, 3, 227, 227]).description == "64 3 227 227 (9893568)")
    #expect(Shape.scalar.description == "(1)")
  }

  @Test func `counts ranges of axes`() {
    let shape: Shape = [2, 3, 4, 5]
    #expect(shape.count(1...) == 60)
    #expect(shape.count(1..<3) == 12)
    #expect(shape.count(4...) == 1)
    #expect(shape.axes(2...) == [4, 5])
  }

  @Test func `keeps its count up to date when an extent changes`() {
    var shape: Shape = [2, 3]
    shape[0] = 7
    #expect(shape == [7, 3])
    #expect(shape.count == 21)
  }

  @Test func `counts negative axes from the end`() throws {
    let shape: Shape = [2, 3, 4]
    #expect(try shape.axis(-1) == 2)
    #expect(try shape.axis(-3) == 0)
    #expect(try shape.axis(1) == 1)
  }

  @Test(arguments: [3, -4]) func `refuses an axis that is not there`(axis: Int) {
    let error = #expect(throws: NetError.self) { try Shape([2, 3, 4]).axis(axis) }
    #expect(error?.problem == "axis \(axis) out of range for 3-D Blob with shape 2 3 4 (24)")
  }

  @Test func `reads axes beyond its end as 1, as old files do`() {
    let shape: Shape = [2, 3]
    #expect((0..<4).map(shape.legacy) == [2, 3, 1, 1])
  }

  @Test func `takes numbers that a user wrote`() throws {
    #expect(try Shape(checking: [2, 0, 3] as [Int64]) == [2, 0, 3])
    #expect(try Shape(checking: [Int]()) == .scalar)
  }

  @Test func `refuses a negative dimension`() {
    let error = #expect(throws: NetError.self) { try Shape(checking: [2, -3]) }
    #expect(error?.problem == "dimension 1 is -3, but a dimension is at least 0")
  }

  @Test(arguments: [[65536, 65536], [Int.max, Int.max], [1 << 31], [1 << 40, 0]])
  func `refuses a count of more than 32 bits`(dimensions: [Int]) {
    let error = #expect(throws: NetError.self) { try Shape(checking: dimensions) }
    #expect(error?.problem.contains("INT_MAX") == true)
  }

  @Test func `refuses more than 32 axes`() throws {
    #expect(try Shape(checking: Array(repeating: 1, count: 32)).rank == 32)
    #expect(throws: NetError.self) { try Shape(checking: Array(repeating: 1, count: 33)) }
  }
}
