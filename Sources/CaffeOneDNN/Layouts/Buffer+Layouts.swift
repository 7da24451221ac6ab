internal import CaffeCore

/// How layouts flow from operation to operation: through the forms that a buffer keeps.
///
/// A form counts only if it has the shape that the operation sees. Where a Flatten or Reshape made the same memory appear
/// under another shape, values go through the host form.
extension Buffer {
  /// The layout in which the values of this shape already lie as floats, unless that is the host form alone.
  func currentLayout(of dimensions: [Int]) -> Layout? { currentLayout(of: dimensions, .float32) }

  /// The layout in which the values of this shape already lie in some precision.
  func currentLayout(of dimensions: [Int], _ precision: Precision) -> Layout? {
    currentLayout { $0.dimensions == dimensions && $0.precision == precision }
  }

  /// The first layout of some kind in which the values already lie.
  func currentLayout(where isWanted: (Layout) -> Bool) -> Layout? {
    currentForm(of: DNNForm.self) { isWanted($0.layout) }?.layout
  }

  /// The layout in which the values of this shape already lie, in whatever precision.
  func currentLayoutOfAny(_ dimensions: [Int]) -> Layout? {
    currentLayout(of: dimensions, .float32) ?? currentLayout(of: dimensions, .bfloat16)
  }

  /// The values in a layout that is not the host's: converted, and kept as a further form, if they are not there.
  func currentMemory(in layout: Layout, on runtime: Runtime) -> Memory {
    if let form = currentForm(of: DNNForm.self, where: { $0.layout == layout }) { return form.memory }
    let form = form(in: layout, on: runtime)
    if isZero {
      form.overwritten().setZero()
    } else if !hostIsCurrent,
      let other = currentForm(of: DNNForm.self, where: { $0.layout.dimensions == layout.dimensions })
    {
      form.read(from: other)
    } else {
      form.read(fromHost: values.baseAddress!)
    }
    markCurrent(form)
    return form.memory
  }

  /// Memory for new values in a layout that is not the host's; all other forms are out of date from now on.
  func overwrittenMemory(in layout: Layout, on runtime: Runtime) -> Memory {
    let form = form(in: layout, on: runtime)
    markNewest(form)
    return form.overwritten()
  }

  /// Memory with the values in a layout that is not the host's, to be changed; all other forms are out of date from now on.
  private func updatedMemory(in layout: Layout, on runtime: Runtime) -> Memory {
    _ = currentMemory(in: layout, on: runtime)
    let form = form(in: layout, on: runtime)
    markNewest(form)
    return form.updated()
  }

  /// Where the values begin in memory, of whatever type they are.
  func address(reading layout: Layout, on runtime: Runtime) -> UnsafeRawPointer {
    guard !layout.isRowMajor else { return UnsafeRawPointer(values.baseAddress!) }
    return UnsafeRawPointer(currentMemory(in: layout, on: runtime).address)
  }

  /// The same, of values that are going to be changed.
  func address(updating layout: Layout, on runtime: Runtime) -> UnsafeMutableRawPointer {
    guard !layout.isRowMajor else { return UnsafeMutableRawPointer(mutableValues.baseAddress!) }
    return updatedMemory(in: layout, on: runtime).address
  }

  /// Takes over the values of another buffer's form.
  func share(_ other: DNNForm, on runtime: Runtime) {
    let form = form(in: other.layout, on: runtime)
    form.share(other)
    markNewest(form)
  }

  /// The values in a layout of blocks, as a formula if there is one.
  func deferred(in layout: Layout, _ blocks: Blocks, on runtime: Runtime) -> Deferred {
    if let deferred = currentForm(of: DNNForm.self, where: { $0.layout == layout })?.deferred { return deferred }
    return Deferred(currentMemory(in: layout, on: runtime), blocks)
  }

  /// Lets a formula say what the values are.
  func define(by deferred: Deferred, on runtime: Runtime) {
    let form = form(in: deferred.layout, on: runtime)
    form.define(by: deferred)
    markNewest(form)
  }

  private func form(in layout: Layout, on runtime: Runtime) -> DNNForm {
    form(where: { $0.layout == layout }, orMake: { DNNForm(layout, on: runtime) })
  }
}

// Loops of our own do not mind in which order values lie, as long as all operands agree; nil stands for the host form.
extension Buffer {
  func pointer(reading layout: Layout?, on runtime: Runtime) -> UnsafePointer<Float> {
    guard let layout, !layout.isRowMajor else { return values.baseAddress! }
    return UnsafePointer(currentMemory(in: layout, on: runtime).values)
  }

  func pointer(overwriting layout: Layout?, on runtime: Runtime) -> UnsafeMutablePointer<Float> {
    guard let layout, !layout.isRowMajor else { return uninitializedValues.baseAddress! }
    return overwrittenMemory(in: layout, on: runtime).values
  }

  func pointer(updating layout: Layout?, on runtime: Runtime) -> UnsafeMutablePointer<Float> {
    guard let layout, !layout.isRowMajor else { return mutableValues.baseAddress! }
    return updatedMemory(in: layout, on: runtime).values
  }

  /// Memory of a tensor that several operations write, each some of its channels.
  func completedMemory(in layout: Layout, on runtime: Runtime) -> Memory {
    if !isForgotten, let form = currentForm(of: DNNForm.self, where: { $0.layout == layout }) {
      markNewest(form)
      return form.updated()
    }
    return overwrittenMemory(in: layout, on: runtime)
  }

  /// Makes another buffer's values this one's, in a layout. If the other may lose them, changing them here costs no copy.
  func takeValues(of other: Buffer, in layout: Layout, consuming: Bool, on runtime: Runtime) {
    guard other !== self else { return }
    guard !layout.isRowMajor else { return copy(from: other) }
    _ = other.currentMemory(in: layout, on: runtime)
    let form = other.form(in: layout, on: runtime)
    share(form, on: runtime)
    if consuming { form.giveUpMemory() }
  }
}
