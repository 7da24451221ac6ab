internal import CaffeCore
internal import CaffeHDF5
internal import CaffeProto

/// The HDF5 form of a solver state: datasets `iter`, `learned_net`, `current_step`; group `history` with `0`, `1`, …; and, ours
/// alone, group `layer_state` with a dataset (seed, counter, as halves of 32 bits) for each layer, `recent_losses`, and groups
/// `plateau_state` and `test_state`.
extension SolverState {
  func writeHDF5(to path: String, history: [Blob]) throws {
    let file = try HDF5File(inMemoryFor: path)
    try file.root.write([iter], shape: [1], to: "iter")
    try file.root.write(learnedNet, to: "learned_net")
    try file.root.write([currentStep], shape: [1], to: "current_step")
    let group = try file.root.createGroup("history")
    for (index, blob) in history.enumerated() {
      try group.write(blob.data.values, shape: blob.shape.dimensions, to: "\(index)")
    }
    if !recentLosses.isEmpty { try file.root.write(recentLosses, shape: [recentLosses.count], to: "recent_losses") }
    if hasPlateauState { try plateauState.write(to: file.root.createGroup("plateau_state")) }
    if hasTestState { try testState.write(to: file.root.createGroup("test_state")) }
    if !layerState.isEmpty {
      let group = try file.root.createGroup("layer_state")
      for (index, state) in layerState.enumerated() {
        let halves = [state.seed, state.counter].flatMap { [UInt32(truncatingIfNeeded: $0), UInt32($0 >> 32)] }
        let entry = try group.createGroup("\(index)")
        try entry.write(state.layer, to: "layer")
        try entry.write(halves.map { Int32(bitPattern: $0) }, shape: [4], to: "state")
        guard !state.carried.isEmpty else { continue }
        let carried = try entry.createGroup("carried")
        for (index, blob) in state.carried.enumerated() {
          try carried.write(blob.data, shape: [blob.data.count], to: "\(index)")
        }
      }
    }
    try file.save()
  }

  init(readingHDF5 path: String) throws {
    self.init()
    let root = try HDF5File(reading: path, isConfined: true).root
    guard try root.contains("iter"), try root.contains("history") else {
      let isModel = try root.contains("data")
      throw SolverError(
        isModel
          ? "the file holds the weights of a net (.caffemodel.h5), not the state of a solver (.solverstate.h5)"
          : "the file is HDF5, but not the state of a solver: it has no iter and no history",
        remedy: isModel
          ? "give the .solverstate.h5 of the same name, or start anew from these weights with -weights" : nil,
        file: path)
    }
    iter = Int32(clamping: try root.dataset("iter").integer())
    if try root.contains("learned_net") { learnedNet = try root.dataset("learned_net").string() }
    if try root.contains("current_step") { currentStep = Int32(clamping: try root.dataset("current_step").integer()) }
    let group = try root.group("history")
    for index in try group.names().indices {
      let dataset = try group.dataset("\(index)")
      var blob = BlobProto()
      blob.shape.dim = dataset.shape.map(Int64.init)
      blob.data = try dataset.floats()
      history.append(blob)
    }
    if try root.contains("recent_losses") { recentLosses = try root.dataset("recent_losses").floats() }
    if try root.contains("plateau_state") {
      plateauState = try MonitorState(reading: root.group("plateau_state"), path)
    }
    if try root.contains("test_state") { testState = try MonitorState(reading: root.group("test_state"), path) }
    guard try root.contains("layer_state") else { return }
    let states = try root.group("layer_state")
    for index in try states.names().indices {
      let entry = try states.group("\(index)")
      let halves = try entry.dataset("state").integers().map { UInt64(UInt32(truncatingIfNeeded: $0)) }
      guard halves.count == 4 else { throw SolverError("layer_state/\(index) is damaged", file: path) }
      var state = LayerState()
      state.layer = try entry.dataset("layer").string()
      state.seed = halves[0] | halves[1] << 32
      state.counter = halves[2] | halves[3] << 32
      if try entry.contains("carried") {
        let carried = try entry.group("carried")
        state.carried = try carried.names().indices.map { index in
          let values = try carried.dataset("\(index)").floats()
          return .with {
            $0.shape.dim = [Int64(values.count)]
            $0.data = values
          }
        }
      }
      layerState.append(state)
    }
  }
}
