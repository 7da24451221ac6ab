public import CaffeCore
public import Logging

extension NetEnvironment {
  /// What most nets are built with: all layer types, the fastest engine.
  ///
  ///     let net = try Net(NetDefinition(contentsOf: "lenet.prototxt"), phase: .test, in: .standard())
  ///
  /// - Parameter seed: the root of all random numbers; from the system if nil.
  public static func standard(
    seed: UInt64? = nil, engine: EngineChoice = .best, logger: Logger = Logger(label: "caffe")
  ) -> NetEnvironment {
    NetEnvironment(
      registry: .standard, seed: seed ?? .random(in: .min ... .max), logger: logger, makeEngine: { engine.make() })
  }
}
