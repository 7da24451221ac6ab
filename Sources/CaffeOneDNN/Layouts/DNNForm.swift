internal import COneDNN
internal import CaffeCore

/// The values of a buffer in a layout that oneDNN prefers.
final class DNNForm: BufferForm {
  let memory: Memory
  private let runtime: Runtime
  private let host: Layout
  private var toHost: Primitive?
  private var fromHost: Primitive?
  /// Conversions from other forms.
  private var fromLayout = PerLayout<Primitive>()

  var layout: Layout { memory.layout }

  init(_ layout: Layout, on runtime: Runtime) {
    self.runtime = runtime
    memory = Memory(owned: layout)
    host = demand { () throws(OneDNNError) in try .rowMajor(layout.dimensions) }
  }

  func write(toHost values: UnsafeMutablePointer<Float>) {
    let reorder = toHost ?? Self.reorder(from: layout, to: host, on: runtime)
    toHost = reorder
    reorder.bind(.source, memory)
    reorder.bind(.destination, host: values)
    run(reorder)
  }

  func read(fromHost values: UnsafePointer<Float>) {
    let reorder = fromHost ?? Self.reorder(from: host, to: layout, on: runtime)
    fromHost = reorder
    reorder.bind(.source, host: values)
    reorder.bind(.destination, memory)
    run(reorder)
  }

  func copy(to other: Buffer) {
    let target = other.overwrittenMemory(in: layout, on: runtime).values
    let source = memory.values
    runtime.parallelFor(layout.storedCount) {
      (target + $0.lowerBound).update(from: source + $0.lowerBound, count: $0.count)
    }
  }

  /// Takes the values of another form of the same shape.
  func read(from other: DNNForm) {
    let reorder = fromLayout.entry(for: other.layout) { Self.reorder(from: other.layout, to: layout, on: runtime) }
    reorder.bind(.source, other.memory)
    reorder.bind(.destination, memory)
    run(reorder)
  }

  private func run(_ reorder: Primitive) {
    runtime.countReorder()
    reorder.execute()
  }

  private static func reorder(from source: Layout, to destination: Layout, on runtime: Runtime) -> Primitive {
    demand { () throws(OneDNNError) in
      let descriptor = try PrimitiveDescriptor("a conversion of \(source.dimensions)") {
        caffe_reorder(&$0, Device.processor.handle, source.handle, destination.handle)
      }
      return try Primitive(descriptor, [.source, .destination], on: runtime)
    }
  }
}
