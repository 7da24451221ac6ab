internal import CaffeCore
internal import CaffeLayers
internal import CaffeProto
internal import CaffeSolvers
internal import Logging

/// A net and a solver that are made in a moment and have something of everything that files of weights and states hold.
enum SmallTraining {
  static var environment: NetEnvironment {
    let logger = Logger(label: "fuzzing") { _ in SwiftLogNoOpLogHandler() }
    return NetEnvironment(registry: LayerRegistry(LayerTypes.all), seed: 1, logger: logger)
  }

  static func net() throws -> Net {
    try Net(NetDefinition(parameter()), state: .with { $0.phase = .train }, in: environment)
  }

  /// A solver whose snapshots go into the folder.
  static func solver(
    in folder: FuzzFolder, _ change: (inout SolverParameter) -> Void = { _ in }
  ) throws -> Solver {
    var parameter = try Prototxt.parse(
      SolverParameter.self,
      text: #"base_lr: 0.1 lr_policy: "fixed" type: "Adam" momentum: 0.9 momentum2: 0.99 average_loss: 2"#,
      file: "solver")
    change(&parameter)
    parameter.snapshotPrefix = folder.path + "/made"
    parameter.netParam = try self.parameter()
    return try Solver(SolverDefinition(parameter), in: environment)
  }

  private static func parameter() throws -> NetParameter {
    try Prototxt.parse(NetParameter.self, text: text, file: "net")
  }

  private static let text = """
    layer {
      name: "data" type: "DummyData" top: "data" top: "target"
      dummy_data_param { shape { dim: 1 dim: 1 dim: 3 dim: 3 } shape { dim: 1 dim: 2 } }
    }
    layer {
      name: "conv" type: "Convolution" bottom: "data" top: "conv"
      convolution_param { num_output: 2 kernel_size: 2 weight_filler { type: "xavier" } }
    }
    layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
    layer {
      name: "a/b" type: "InnerProduct" bottom: "conv" top: "ip"
      inner_product_param { num_output: 2 weight_filler { type: "xavier" } }
    }
    layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "target" top: "loss" }
    """
}
