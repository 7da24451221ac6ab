import CaffeCore
import Testing

@Suite struct `Reference sum` {
  private func sum(_ sources: [Buffer], _ coefficients: [Float], into destination: Buffer) {
    let description = SumDescription(shape: [2], coefficients: coefficients)
    ReferenceEngine().sum(description).forward(sources, into: destination)
  }

  @Test func `weighs its sources`() {
    let y = Buffer(count: 2)
    sum([buffer([1, 2]), buffer([3, 4]), buffer([5, 6])], [1, 10, -1], into: y)
    #expect(Array(y.values) == [26, 36])
  }

  @Test func `works in place on its first source`() {
    let x = buffer([1, 2])
    sum([x, buffer([3, 4])], [2, 1], into: x)
    #expect(Array(x.values) == [5, 8])
  }

  @Test func `passes over sources that are known to be zero`() {
    let y = buffer([7, 7])
    sum([Buffer(count: 2), buffer([3, 4]), Buffer(count: 2)], [1, 2, 1], into: y)
    #expect(Array(y.values) == [6, 8])
    sum([Buffer(count: 2), Buffer(count: 2)], [1, 1], into: y)
    #expect(Array(y.values) == [0, 0])
  }
}
