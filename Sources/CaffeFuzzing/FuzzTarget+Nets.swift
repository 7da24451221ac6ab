internal import CaffeCore
internal import CaffeProto

/// Nets that are built, and run if they are small.
extension FuzzTarget {
  static let build = FuzzTarget("build", endings: [".prototxt"], attribute: "prototxt") { bytes, folder in
    let definition = try NetDefinition(contentsOf: folder.write(bytes, as: "net.prototxt"))
    guard isSmall(definition.parameter) else { return }
    for phase in [Phase.train, .test] {
      let net = try Net(definition, state: .with { $0.phase = phase }, in: SmallTraining.environment)
      let values = net.blobs.reduce(0) { $0 + $1.count } + net.parameters.reduce(0) { $0 + $1.blob.count }
      guard values < 4000 else { continue }
      try net.forward()
      if phase == .train { try net.backward() }
    }
  }

  /// Whether no layer brings many values into the net: such a net is no fault.
  private static func isSmall(_ net: NetParameter) -> Bool {
    let shapes = net.layer.flatMap { layer in
      layer.inputParam.shape + layer.dummyDataParam.shape + [layer.parameterParam.shape]
    }
    let old = net.layer.map(\.dummyDataParam).flatMap { [$0.num, $0.channels, $0.height, $0.width] }
    return net.layer.count <= 50 && old.flatMap { $0 }.allSatisfy { $0 <= 8 }
      && shapes.allSatisfy { shape in
        let count = shape.dim.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 * $1 }
        return count <= 4096
      }
  }
}
