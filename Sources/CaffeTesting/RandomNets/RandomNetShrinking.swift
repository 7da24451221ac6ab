import Caffe
import CaffeProto

/// Makes a net that breaks a promise smaller, as long as it still breaks the same one.
struct RandomNetShrinking {
  private let check: RandomNetCheck
  private(set) var smallest: RandomNetCheck.Failure

  init(_ check: RandomNetCheck, _ failure: RandomNetCheck.Failure) {
    var check = check
    check.promises = [failure.promise]
    self.check = check
    smallest = failure
    var tries = 0
    var hasShrunk = true
    while hasShrunk, tries < 400 {
      hasShrunk = false
      for candidate in Self.candidates(smallest.net.definition) {
        tries += 1
        guard let failure = check.failure(of: RandomNet(candidate, seed: smallest.net.seed)) else { continue }
        smallest = failure
        hasShrunk = true
        break
      }
    }
  }

  /// Nets with a little less.
  private static func candidates(_ net: NetParameter) -> [NetParameter] {
    var all: [NetParameter] = []
    for index in net.layer.indices.reversed() { all.append(without(index, net)) }
    for index in net.layer.indices {
      if let bypassed = bypassing(index, net) { all.append(bypassed) }
      all += plainer(index, net)
    }
    return all.filter { $0 != net && $0.layer.contains { $0.type != "Input" } }
  }

  /// Without a layer, what needs it, and inputs that nothing reads any more.
  private static func without(_ index: Int, _ net: NetParameter) -> NetParameter {
    var smaller = net
    smaller.layer = []
    var gone: Set<String> = []
    for (place, layer) in net.layer.enumerated() {
      if place == index || layer.bottom.contains(where: gone.contains) {
        gone.formUnion(layer.top)
      } else {
        gone.subtract(layer.top)
        smaller.layer.append(layer)
      }
    }
    return pruned(smaller)
  }

  /// With a layer's first bottom in the place of its first top.
  private static func bypassing(_ index: Int, _ net: NetParameter) -> NetParameter? {
    let layer = net.layer[index]
    guard let bottom = layer.bottom.first, let top = layer.top.first, layer.top.count == 1 else { return nil }
    var smaller = net
    smaller.layer.remove(at: index)
    if bottom != top {
      for place in index..<smaller.layer.count {
        smaller.layer[place].bottom = smaller.layer[place].bottom.map { $0 == top ? bottom : $0 }
        smaller.layer[place].top = smaller.layer[place].top.map { $0 == top ? bottom : $0 }
      }
    }
    return pruned(smaller)
  }

  private static func pruned(_ net: NetParameter) -> NetParameter {
    let read = Set(net.layer.flatMap(\.bottom))
    var net = net
    net.layer.removeAll { $0.type == "Input" && !$0.top.contains(where: read.contains) }
    return net
  }

  /// With settings left out, or a smaller input.
  private static func plainer(_ index: Int, _ net: NetParameter) -> [NetParameter] {
    func with(_ change: (inout LayerParameter) -> Void) -> NetParameter {
      var net = net
      change(&net.layer[index])
      return net
    }
    let layer = net.layer[index]
    var all = [with { $0.param = [] }, with { $0.propagateDown = [] }, with { $0.lossWeight = [] }]
    if layer.hasConvolutionParam {
      all += [
        with { $0.convolutionParam.dilation = [] }, with { $0.convolutionParam.pad = [] },
        with { $0.convolutionParam.stride = [] }, with { $0.convolutionParam.clearGroup() },
      ]
    }
    if layer.hasEltwiseParam { all.append(with { $0.clearEltwiseParam() }) }
    if layer.hasBatchNormParam { all.append(with { $0.clearBatchNormParam() }) }
    if layer.hasLossParam { all.append(with { $0.clearLossParam() }) }
    if layer.hasLrnParam { all.append(with { $0.clearLrnParam() }) }
    if layer.type == "Input" {
      let dimensions = layer.inputParam.shape.first?.dim ?? []
      for (axis, extent) in dimensions.enumerated() where extent > 1 {
        for smaller in Set([1, extent / 2, extent - 1]) {
          all.append(with { $0.inputParam.shape[0].dim[axis] = smaller })
        }
      }
    }
    var unforced = net
    unforced.clearForceBackward()
    return all + [unforced]
  }
}
