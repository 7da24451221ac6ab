internal import CaffeCore
internal import CaffeData
internal import CaffeHDF5
internal import CaffeProto
internal import CaffeSolvers

/// Arrays: HDF5 files in all their uses, and the files of MNIST.
extension FuzzTarget {
  static let arrays = [
    FuzzTarget("hdf5", endings: [".h5", ".h5in"]) { bytes, folder in
      try readAll(HDF5File(reading: folder.write(bytes, as: "made.h5")).root, depth: 0)
    },

    FuzzTarget(
      "hdf5-weights", endings: [".caffemodel.h5"],
      made: { try snapshot("made_iter_1.caffemodel.h5", asHDF5: true) },
      read: { bytes, folder in
        try SmallTraining.net().copyWeights(fromFile: folder.write(bytes, as: "made.caffemodel.h5"))
      }),

    FuzzTarget(
      "hdf5-state", endings: [".solverstate.h5"],
      made: { try snapshot("made_iter_1.solverstate.h5", asHDF5: true) },
      read: { bytes, folder in
        let solver = try SmallTraining.solver(in: folder)
        try solver.net.saveWeights(to: folder.path + "/made_iter_1.caffemodel.h5", asHDF5: true)
        try restore(solver, from: folder.write(bytes, as: "made.solverstate.h5"))
      }),

    FuzzTarget("idx", endings: ["-ubyte", "-ubyte.gz"]) { bytes, folder in
      let path = try folder.write(bytes, as: "made-ubyte")
      let isImages = bytes.count > 3 && bytes[3] == 3 || bytes.first == 0x1F
      let file = try IDXFile(path: path, axes: isImages ? 3 : 1)
      var count = 0
      while let item = try file.next() {
        try require(item.count == file.shape.dropFirst().reduce(1, *), "an item of another size")
        count += 1
      }
      try require(count == file.count, "\(count) items in place of \(file.count)")
    },
  ]

  private static func readAll(_ group: HDF5Group, depth: Int) throws {
    // Groups may contain themselves.
    guard depth < 4 else { return }
    for name in try group.names().prefix(50) {
      switch try group.kind(of: name) {
      case .group: try readAll(group.group(name), depth: depth + 1)
      case .dataset:
        let dataset = try group.dataset(name)
        if dataset.elements == .string {
          _ = try? dataset.string()
        } else {
          let values = try dataset.floats()
          try require(values.count == dataset.shape.reduce(1, *), "\(values.count) values of \(dataset.shape)")
          _ = try dataset.integers()
        }
      case .other: continue
      }
    }
    _ = try group.names(in: .creation)
    for attribute in ["prototxt", "tolerance", "batches"] where try group.hasAttribute(attribute) {
      _ = attribute == "prototxt" ? try group.string(attribute: attribute) : ""
      _ = attribute == "tolerance" ? try group.floats(attribute: attribute) : []
      _ = attribute == "batches" ? try group.integers(attribute: attribute) : []
    }
  }
}
