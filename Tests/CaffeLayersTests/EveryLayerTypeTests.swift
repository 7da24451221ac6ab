import Caffe
import CaffeTesting
import Testing

/// What holds for each layer, whatever it computes.
@Suite struct `Every layer` {
  /// Without MemoryData, which cannot run before a program gave it data.
  @Test(arguments: LayerRegistry.standard.names.filter { $0 != "MemoryData" }) func `is tried`(type: String) {
    #expect(
      Specimen.all.contains { $0.type == type }, "\(type) has no specimen: give it one in Support/Specimen+All.swift")
  }

  @Test(arguments: Specimen.all, EngineChoice.allCases)
  func `keeps the contract`(specimen: Specimen, engine: EngineChoice) throws {
    try specimen.checkContract(on: engine)
  }

  @Test(arguments: Specimen.all, EngineChoice.allCases)
  func `has the gradients that small steps show`(specimen: Specimen, engine: EngineChoice) throws {
    try specimen.checkGradients(on: engine)
  }

  @Test(arguments: Specimen.all.filter(\.worksInPlace), EngineChoice.allCases)
  func `that works in place has the same gradients there`(specimen: Specimen, engine: EngineChoice) throws {
    try specimen.checkGradients(on: engine, isInPlace: true)
  }
}
