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

  @Test(arguments: acceptedOnPurpose, EngineChoice.allCases)
  func `for no good reason is accepted`(name: String, engine: EngineChoice) throws {
    let definition = try #require(try Self.definitions().first { $0.name == name })
    #expect(definition.refusal(on: engine) == nil)
  }
}

extension RefusedDefinition: CustomTestStringConvertible {
  public var testDescription: String { name }
}
