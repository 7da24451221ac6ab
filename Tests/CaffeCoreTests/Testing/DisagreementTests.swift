import CaffeTesting
import Testing

@Suite struct `Values agree` {
  @Test func `within the tolerance, absolute below 1 and relative above`() {
    #expect(disagreements([0.5, 100] as [Float], [0.5009, 100.09], tolerance: 1e-3).isEmpty)
    #expect(disagreements([0.5] as [Float], [0.502], tolerance: 1e-3).count == 1)
    #expect(disagreements([100] as [Float], [100.2], tolerance: 1e-3).count == 1)
  }

  @Test func `when both are not a number, or the same infinity`() {
    #expect(disagreements([.nan, .infinity] as [Float], [.nan, .infinity], tolerance: 0).isEmpty)
    #expect(disagreements([.nan, 1, .infinity] as [Float], [1, .nan, -.infinity], tolerance: 1).count == 3)
  }

  @Test func `or are told by place and index`() {
    let found = disagreements([1, 2, 3] as [Float], [1, 5, 3], tolerance: 0.1, at: "top/y")
    #expect(found.map(\.description) == ["top/y[1]: expected 5.0, found 2.0"])
  }

  @Test func `only if there are as many of them`() {
    #expect(
      disagreements([1] as [Float], [1, 1], tolerance: 1).map(\.description) == ["values: expected 2 values, found 1"])
  }
}
