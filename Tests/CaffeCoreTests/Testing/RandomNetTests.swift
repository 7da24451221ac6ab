import Caffe
import CaffeTesting
import Testing

/// The searching test of whole nets. `Scripts/random-nets` tries more of them.
@Suite struct `Random nets` {
  @Test(arguments: 0..<20) func `keep every promise`(tens: Int) throws {
    let check = RandomNetCheck()
    for seed in UInt64(10 * tens)..<UInt64(10 * tens + 10) { try check.check(RandomNet(seed: 1_000_000 + seed)) }
  }

  @Test func `are the same for the same seed and others for another`() {
    #expect(RandomNet(seed: 7).text == RandomNet(seed: 7).text)
    #expect(RandomNet(seed: 7).definition != RandomNet(seed: 8).definition)
  }

  @Test func `can mostly be built, and have every layer type among them`() {
    let nets = (0..<400 as Range<UInt64>).map { RandomNet(seed: $0) }
    let check = RandomNetCheck()
    #expect(nets.prefix(60).count { check.isRefused($0) } < 10)
    let types = Set(nets.flatMap { $0.definition.layer.map(\.type) })
    #expect(RandomLayer.all.allSatisfy { types.contains($0.type) })
  }

  @Test func `find a wrong gradient, and make the net small that has it`() throws {
    var registry = LayerRegistry.standard
    registry.add(Doubling.self)
    let doubling = RandomLayer("Doubling", weight: 40) { draft in draft.pick().map { .init("", [$0]) } }
    let check = RandomNetCheck([.gradients], registry: registry)
    let found = (0..<40 as Range<UInt64>).lazy.map {
      RandomNet(seed: $0, layers: RandomLayer.all + [doubling], registry: registry)
    }.first { check.failure(of: $0) != nil }
    let failure = #expect(throws: RandomNetCheck.Failure.self) { try check.check(#require(found)) }
    let layers = try #require(failure).net.definition.layer.filter { $0.type != "Input" }
    #expect(layers.contains { $0.type == "Doubling" } && layers.count <= 4)
    #expect(try #require(failure).description.contains("# seed: "))
  }
}

/// y = 2x, with the gradient of y = x.
private final class Doubling: Layer {
  static let type = "Doubling"

  init(_ definition: LayerDefinition, in context: LayerContext) {}

  func reshape(_ bottom: [Blob], _ top: [Blob]) { top[0].reshape(like: bottom[0]) }

  func forward(_ bottom: [Blob], _ top: [Blob]) {
    for (i, x) in bottom[0].data.values.enumerated() { top[0].data.mutableValues[i] = 2 * x }
  }

  func backward(_ top: [Blob], _ bottom: [Blob], propagate: Propagation) {
    if propagate[0] { bottom[0].diff.copy(from: top[0].diff) }
  }
}
