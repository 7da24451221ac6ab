internal import CaffeCore

/// An output of a primitive that is added to a buffer, as gradients of parameters are.
///
/// oneDNN overwrites. So a gradient that is zero is overwritten, and any other is added to from scratch memory.
final class AddingOutput {
  private let primitive: Primitive
  private let argument: Argument
  private let runtime: Runtime
  private lazy var scratch = Memory(owned: primitive.layout(argument))
  private var isAdding = false

  init(_ argument: Argument, of primitive: Primitive, on runtime: Runtime) {
    self.argument = argument
    self.primitive = primitive
    self.runtime = runtime
  }

  /// To be called before the primitive runs.
  func prepare(_ buffer: Buffer) {
    isAdding = !buffer.isZero
    guard isAdding else { return primitive.write(argument, to: buffer) }
    primitive.bind(argument, scratch)
  }

  /// To be called instead where nobody wants the output: the primitive needs a place for it all the same.
  func discard() { primitive.bind(argument, scratch) }

  /// To be called after the primitive has run.
  func finish(_ buffer: Buffer) {
    guard isAdding else { return }
    let sum = buffer.pointer(updating: scratch.layout, on: runtime)
    let addend = UnsafePointer(scratch.values)
    runtime.parallelFor(scratch.layout.storedCount) { for i in $0 { sum[i] += addend[i] } }
  }
}
