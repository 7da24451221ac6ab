internal import COneDNN
internal import CaffeCore

/// The values of a buffer in a layout that oneDNN prefers.
///
/// Buffers with equal values share one memory. Whoever is about to write takes another one if somebody else still refers to the
/// values that are there: so a layer that works in place keeps its input without copying it. Values may also be known by a
/// formula only, until somebody reads them.
final class DNNForm: BufferForm {
  let layout: Layout
  private var stored: Memory?
  /// The formula of the values, if they have one.
  private(set) var deferred: Deferred?
  private let runtime: Runtime
  private let host: Layout
  private var toHost: Primitive?
  private var fromHost: Primitive?
  /// Conversions from other forms.
  private var fromLayout = PerLayout<Primitive>()

  init(_ layout: Layout, on runtime: Runtime) {
    self.layout = layout
    self.runtime = runtime
    host = demand { () throws(OneDNNError) in try .rowMajor(layout.dimensions) }
  }

  var isExact: Bool { layout.precision == .float32 }

  /// The values, to be read.
  var memory: Memory {
    if let stored { return stored }
    let memory = deferred?.memory(on: runtime) ?? Memory(layout, from: runtime.pool)
    stored = memory
    return memory
  }

  /// Memory for new values.
  func overwritten() -> Memory {
    deferred = nil
    if isKnownUniquelyReferenced(&stored), let stored { return stored }
    let memory = Memory(layout, from: runtime.pool)
    stored = memory
    return memory
  }

  /// The values, to be read and changed.
  func updated() -> Memory {
    _ = memory
    deferred = nil
    if isKnownUniquelyReferenced(&stored), let stored { return stored }
    let copy = Memory(layout, from: runtime.pool)
    copyValues(memory, to: copy)
    stored = copy
    return copy
  }

  /// Lets a formula say what the values are.
  func define(by deferred: Deferred) {
    self.deferred = deferred
    stored = nil
  }

  /// Lets another form of the same layout have the same values.
  func share(_ other: DNNForm) {
    stored = other.stored
    deferred = other.deferred
  }

  func write(toHost values: UnsafeMutablePointer<Float>) {
    if let stride = layout.rowStride {
      let (x, count) = (memory.values, layout.dimensions[1])
      runtime.countReorder()
      return runtime.parallelFor(layout.dimensions[0], grain: max(1, parallelForGrain / max(1, count))) {
        for row in $0 { (values + row * count).update(from: x + row * stride, count: count) }
      }
    }
    let reorder = toHost ?? Self.reorder(from: layout, to: host, on: runtime)
    toHost = reorder
    guard let reorder else { return }
    reorder.bind(.source, memory)
    reorder.bind(.destination, host: values)
    run(reorder)
  }

  func read(fromHost values: UnsafePointer<Float>) {
    let reorder = fromHost ?? Self.reorder(from: host, to: layout, on: runtime)
    fromHost = reorder
    guard let reorder else { return }
    reorder.bind(.source, host: values)
    reorder.bind(.destination, overwritten())
    run(reorder)
  }

  func giveUpMemory() {
    stored = nil
    deferred = nil
  }

  func copy(to other: Buffer) { other.share(self, on: runtime) }

  /// Takes the values of another form of the same shape.
  func read(from other: DNNForm) {
    let reorder = fromLayout.entry(
      for: other.layout, orTry: { Self.reorder(from: other.layout, to: layout, on: runtime) })
    guard let reorder else { return }
    reorder.bind(.source, other.memory)
    reorder.bind(.destination, overwritten())
    run(reorder)
  }

  private func copyValues(_ source: Memory, to target: Memory) {
    let (x, y) = (source.address, target.address)
    runtime.parallelFor(layout.byteCount, grain: parallelForGrain * MemoryLayout<Float>.stride) {
      (y + $0.lowerBound).copyMemory(from: x + $0.lowerBound, byteCount: $0.count)
    }
  }

  private func run(_ reorder: Primitive) {
    runtime.countReorder()
    reorder.execute()
  }

  private static func reorder(from source: Layout, to destination: Layout, on runtime: Runtime) -> Primitive? {
    runtime.attempt { () throws(OneDNNError) in try Primitive(reordering: source, to: destination, on: runtime) }
  }
}
