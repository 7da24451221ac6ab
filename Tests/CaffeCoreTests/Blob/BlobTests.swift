import Caffe
import Testing

@Suite struct `A blob` {
  @Test func `has values and a gradient of its shape, both zero at first`() {
    let blob = Blob([2, 3])
    #expect(blob.count == 6)
    #expect(blob.array == Array(repeating: 0, count: 6))
    #expect(blob.diffArray == Array(repeating: 0, count: 6))
  }

  @Test func `takes values in row-major order`() {
    #expect(Blob([2, 2], [1, 2, 3, 4]).array == [1, 2, 3, 4])
  }

  @Test func `keeps values and gradient in flat order through a reshape without growth`() {
    let blob = Blob([2, 3], [1, 2, 3, 4, 5, 6])
    blob.diffArray = [6, 5, 4, 3, 2, 1]
    blob.reshape(to: [4])
    #expect(blob.array == [1, 2, 3, 4])
    blob.reshape(to: [3, 2])
    #expect(blob.array == [1, 2, 3, 4, 5, 6])
    #expect(blob.diffArray == [6, 5, 4, 3, 2, 1])
  }

  @Test func `is zero after outgrowing its memory`() {
    let blob = Blob([1], [5])
    blob.reshape(like: Blob([2]))
    #expect(blob.array == [0, 0])
  }

  @Test func `shares values but not the gradient when asked for the values`() {
    let owner = Blob([2], [1, 2])
    let other = Blob([1, 2])
    other.shareData(of: owner)
    owner.array = [3, 4]
    other.diffArray = [1, 1]
    #expect(other.array == [3, 4])
    #expect(owner.diffArray == [0, 0])
  }

  @Test func `shares the gradient when asked for it`() {
    let owner = Blob([2])
    let other = Blob([2])
    other.shareDiff(of: owner)
    other.diffArray = [1, 2]
    #expect(owner.diffArray == [1, 2])
  }

  @Test func `of shape scalar holds one value`() {
    let loss = Blob(.scalar)
    loss.scalar = 2.5
    #expect(loss.scalar == 2.5)
    #expect(loss.count == 1)
  }
}
