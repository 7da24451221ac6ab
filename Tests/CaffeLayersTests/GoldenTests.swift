import Caffe
import CaffeTesting
import Testing

@Suite struct `The layer types` {
  @Test(arguments: typesOfTheOriginal) func `of the original are all there`(type: String) {
    if notYetBuilt.contains(type) {
      #expect(LayerRegistry.standard[type] == nil, "\(type) is built: take it off the list `notYetBuilt`")
    } else {
      #expect(LayerRegistry.standard[type] != nil)
    }
  }
}

@Suite struct `Compared with the original` {
  private static func layerCases() throws -> [String] {
    try GoldenFiles.names(in: "layers").filter {
      GoldenFiles.isBuilt(try GoldenCase(contentsOf: GoldenFiles.file($0, in: "layers")).layerTypes)
    }
  }

  @Test(arguments: try layerCases(), EngineChoice.allCases)
  func `a layer gives the same values and gradients`(name: String, engine: EngineChoice) throws {
    try GoldenCase(contentsOf: GoldenFiles.file(name, in: "layers")).check(on: engine)
  }

  @Test(arguments: try GoldenFiles.names(in: "nets", ending: ".prototxt"), EngineChoice.allCases)
  func `a known net gives the same values and gradients`(name: String, engine: EngineChoice) throws {
    let golden = try GoldenNet(contentsOf: GoldenFiles.file(name, in: "nets"))
    guard GoldenFiles.isBuilt(golden.layerTypes) else { return }
    try golden.check(on: engine)
  }

  @Test(arguments: try solverCases(), EngineChoice.allCases)
  func `a solver goes the same way`(name: String, engine: EngineChoice) throws {
    let golden = try GoldenSolver(contentsOf: GoldenFiles.file(name, in: "solvers"))
    guard GoldenFiles.isBuilt(golden.layerTypes) else { return }
    try golden.check(on: engine)
  }

  /// The runs with a recorded course; those of the command line have none.
  private static func solverCases() throws -> [String] {
    try GoldenFiles.names(in: "solvers", ending: ".solver.prototxt").filter { !$0.hasPrefix("train_cli") }
  }
}

@Suite struct `What the original refuses` {
  /// Refused there for no good reason; here the second weight of a loss is 0 unless something else is written.
  private static let acceptedOnPurpose = ["softmax_loss_two_tops", "softmax_loss_two_tops_weights"]

  private static func definitions() throws -> [RefusedDefinition] {
    try RefusedDefinition.all(in: GoldenFiles.folder.appending(path: "refused/refused.json"))
  }

  @Test(arguments: try definitions().filter { !acceptedOnPurpose.contains($0.name) }, EngineChoice.allCases)
  func `is refused`(definition: RefusedDefinition, engine: EngineChoice) throws {
    guard GoldenFiles.isBuilt(definition.layerTypes) else { return }
    let refusal = try #require(definition.refusal(on: engine))
    #expect(!refusal.isEmpty)
  }

  @Test(arguments: try definitions().filter { !acceptedOnPurpose.contains($0.name) && !$0.explanation.isEmpty })
  func `is refused in words that users search for`(definition: RefusedDefinition) throws {
    let refusal = try #require(definition.refusal(on: .reference))
    // The list of known types depends on what is built.
    let words = definition.explanation.prefix { $0 != "(" }
    #expect(refusal.contains(words))
  }

  /// What users search for where the original prints the condition of its check, too, or nothing else.
  private static let words = [
    "clip_without_limits": "Failed to parse NetParameter file: ",
    "conv_group": "channels % group == 0",
    "conv_no_kernel":
      "kernel_size must be specified once, or once per spatial dimension (kernel_size specified 0 times; ",
    "conv_no_output": "num_output > 0",
    "dummy_filler_count": "equal to the number of tops: 3; you specified 2 data fillers.",
    "eltwise_coeff_count": "Eltwise Layer takes one coefficient per bottom blob.",
    "eltwise_prod_coeff": "Eltwise layer only takes coefficients for summation.",
    "eltwise_shapes": "bottom[0]: 2 3 4 5 (120), bottom[1]: 2 3 (6)",
    "force_backward_embed": "Can't backpropagate to EmbedLayer input.",
    "include_and_exclude": "Specify either include rules or exclude rules; not both.",
    "pool_global_kernel": "With Global_pooling: true Filter size cannot specified",
    "pool_pad_too_big": "pad_h < kernel_h",
    "share_shape": "Owner layer param shape is 4 3 (12); sharing layer expects shape 4 4 (16)",
    "slice_points_order": "slice_point",
    "spp_padding": "pad_w < kernel_w",
    "unknown_field": "Failed to parse NetParameter file: ",
  ]

  @Test(arguments: try definitions().filter { words[$0.name] != nil })
  func `is refused in the words of the check that fails`(definition: RefusedDefinition) throws {
    let words = try #require(Self.words[definition.name])
    // The original's fields end in underscores.
    let original = try #require(definition.message.first)
    #expect(original.replacing("_ ", with: " ").contains(words))
    let refusal = try #require(definition.refusal(on: .reference))
    #expect(refusal.contains(words), "\(refusal)")
  }

  @Test func `is always compared in words`() throws {
    let rest = try Self.definitions().filter { $0.explanation.isEmpty && Self.words[$0.name] == nil }
    #expect(rest.map(\.name) == [])
  }

  @Test(arguments: acceptedOnPurpose, EngineChoice.allCases)
  func `for no good reason is accepted`(name: String, engine: EngineChoice) throws {
    let definition = try #require(try Self.definitions().first { $0.name == name })
    #expect(definition.refusal(on: engine) == nil)
  }
}

extension RefusedDefinition: CustomTestStringConvertible {
  public var testDescription: String { name }
}
