public import CaffeCore
public import Logging

extension NetEnvironment {
  /// What most nets are built with: all layer types, the fastest engine.
  ///
  ///     let net = try Net(NetDefinition(contentsOf: "lenet.prototxt"), phase: .test, in: .standard())
  ///
  /// - Parameters:
  ///   - seed: The root of all random numbers; from the system if nil.
  ///   - precision: What nets that infer compute in; as their definition says if nil.
  public static func standard(
    seed: UInt64? = nil, engine: EngineChoice = .best, precision: Precision? = nil,
    logger: Logger = Logger(label: "caffe")
  ) -> NetEnvironment {
    var environment = NetEnvironment(
      registry: .standard, seed: seed ?? .random(in: .min ... .max), logger: logger, makeEngine: { engine.make() })
    environment.precision = precision
    return environment
  }
}
