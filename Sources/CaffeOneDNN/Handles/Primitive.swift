internal import COneDNN
internal import CaffeCore

/// The role that a tensor plays for a primitive.
struct Argument: Equatable {
  let code: CInt

  static let source = Argument(code: DNNL_ARG_SRC)
  static let weights = Argument(code: DNNL_ARG_WEIGHTS)
  static let bias = Argument(code: DNNL_ARG_BIAS)
  static let destination = Argument(code: DNNL_ARG_DST)
  static let workspace = Argument(code: DNNL_ARG_WORKSPACE)
  static let scratchpad = Argument(code: DNNL_ARG_SCRATCHPAD)
  static let sourceDiff = Argument(code: DNNL_ARG_DIFF_SRC)
  static let weightsDiff = Argument(code: DNNL_ARG_DIFF_WEIGHTS)
  static let biasDiff = Argument(code: DNNL_ARG_DIFF_BIAS)
  static let mean = Argument(code: DNNL_ARG_MEAN)
  static let variance = Argument(code: DNNL_ARG_VARIANCE)
  static let destinationDiff = Argument(code: DNNL_ARG_DIFF_DST)
}

/// An operation that oneDNN has chosen a kernel and layouts for, but not compiled yet.
final class PrimitiveDescriptor {
  let handle: OpaquePointer

  /// oneDNN divides the work when it describes an operation, and expects as many threads later; it may also hand out a kernel
  /// that it has compiled before for as many threads as there are *now*.
  init(
    _ operation: String, on runtime: Runtime, _ make: (inout OpaquePointer?) -> dnnl_status_t
  ) throws(OneDNNError) {
    runtime.useThreads()
    handle = try create("describe \(operation)", make)
  }

  deinit { dnnl_primitive_desc_destroy(handle) }

  /// The layout of an argument; nil if there is no such argument.
  func layout(_ argument: Argument) throws(OneDNNError) -> Layout? {
    var handle: OpaquePointer?
    try check("ask for a layout", caffe_layout_query(&handle, self.handle, argument.code))
    return handle.map(Layout.init(owning:))
  }

  /// The name of the kernel, such as `jit:avx512_core`.
  var kernel: String { String(cString: caffe_implementation(handle)) }

  /// Whether the kernel is oneDNN's plain loop, which is no faster than ours.
  var isPlainLoop: Bool { kernel.hasPrefix("ref") || kernel.contains("_ref:") }

  /// Whether the kernel was made for this very operation, rather than a detour by matrix products.
  var hasOwnKernel: Bool { !isPlainLoop && !kernel.contains("gemm") }
}

/// A compiled operation with a place for each of its arguments.
///
/// Before `execute()` every argument is given its memory: `read` and `write` bring a buffer into the layout that the
/// primitive wants. Nothing is allocated after the first time.
final class Primitive {
  private let runtime: Runtime
  private let handle: OpaquePointer
  private var arguments: [dnnl_exec_arg_t] = []
  private var slots: [Slot] = []
  private let usesScratch: Bool
  /// The name of the kernel, such as `jit:avx512_core`.
  let kernel: String

  private struct Slot {
    let argument: Argument
    let layout: Layout
    /// For row-major memory, which belongs to a buffer or to the runtime.
    var borrowed: Memory?
  }

  init(_ descriptor: PrimitiveDescriptor, _ wanted: [Argument], on runtime: Runtime) throws(OneDNNError) {
    self.runtime = runtime
    kernel = descriptor.kernel
    runtime.useThreads()
    for argument in wanted + [.scratchpad] {
      guard let layout = try descriptor.layout(argument) else { continue }
      slots.append(Slot(argument: argument, layout: layout))
      arguments.append(dnnl_exec_arg_t(arg: argument.code, memory: nil))
    }
    usesScratch = slots.last?.argument == .scratchpad
    if usesScratch { runtime.reserveScratch(slots[slots.count - 1].layout.byteCount) }
    handle = try create("compile a primitive") { dnnl_primitive_create(&$0, descriptor.handle) }
  }

  /// A conversion of a tensor from one layout to another.
  convenience init(reordering source: Layout, to destination: Layout, on runtime: Runtime) throws(OneDNNError) {
    let descriptor = try PrimitiveDescriptor("a conversion of \(source.dimensions)", on: runtime) {
      caffe_reorder(&$0, Device.processor.handle, source.handle, destination.handle)
    }
    try self.init(descriptor, [.source, .destination], on: runtime)
  }

  deinit { dnnl_primitive_destroy(handle) }

  func layout(_ argument: Argument) -> Layout { slots[index(argument)].layout }

  /// Lets the primitive read a buffer, converted if need be.
  func read(_ argument: Argument, from buffer: Buffer) {
    let index = index(argument)
    let layout = slots[index].layout
    if layout.isRowMajor {
      bind(index, host: buffer.values.baseAddress!)
    } else {
      arguments[index].memory = buffer.currentMemory(in: layout, on: runtime).handle
    }
  }

  /// Lets the primitive overwrite a buffer in its own layout.
  func write(_ argument: Argument, to buffer: Buffer) {
    let index = index(argument)
    let layout = slots[index].layout
    if layout.isRowMajor {
      bind(index, host: buffer.uninitializedValues.baseAddress!)
    } else {
      arguments[index].memory = buffer.overwrittenMemory(in: layout, on: runtime).handle
    }
  }

  func bind(_ argument: Argument, _ memory: Memory) { arguments[index(argument)].memory = memory.handle }

  /// Takes an argument from memory that lies as its layout says.
  func bind(_ argument: Argument, host address: UnsafeRawPointer) { bind(index(argument), host: address) }

  private func bind(_ index: Int, host address: UnsafeRawPointer) {
    let memory = slots[index].borrowed ?? Memory(borrowed: slots[index].layout)
    slots[index].borrowed = memory
    memory.point(at: UnsafeMutableRawPointer(mutating: address))
    arguments[index].memory = memory.handle
  }

  func execute() {
    if usesScratch { bind(.scratchpad, host: runtime.scratch.address) }
    runtime.execute(handle, arguments)
  }

  private func index(_ argument: Argument) -> Int {
    // Not among the slots, whose references would be counted.
    for index in arguments.indices where arguments[index].arg == argument.code { return index }
    preconditionFailure("the primitive has no argument \(argument.code)")
  }
}
