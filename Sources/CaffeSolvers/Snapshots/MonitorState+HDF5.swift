internal import CaffeHDF5
internal import CaffeProto

/// The HDF5 form: dataset `counts` (best_iter, waited, step) and, where a value was seen, `best`.
extension MonitorState {
  func write(to group: HDF5Group) throws {
    if hasBest { try group.write([best], shape: [1], to: "best") }
    try group.write([bestIter, waited, step], shape: [3], to: "counts")
  }

  init(reading group: HDF5Group, _ file: String) throws {
    self.init()
    let counts = try group.dataset("counts").integers()
    let best = try group.contains("best") ? group.dataset("best").floats() : []
    guard counts.count == 3, best.count <= 1 else { throw SolverError("\(group.name) is damaged", file: file) }
    if let best = best.first { self.best = best }
    (bestIter, waited, step) = (Int32(clamping: counts[0]), Int32(clamping: counts[1]), Int32(clamping: counts[2]))
  }
}
