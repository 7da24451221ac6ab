internal import Synchronization

/// The memory of one tensor: float32 values in row-major order, 64-byte aligned, allocated when first touched.
///
/// Besides the row-major *host form* a buffer can hold the same values in forms of an engine's own (a blocked layout,
/// device memory). It knows which of them are current: asking for one converts from a current one, writing through one
/// makes it the only current one. Layers and users ask for the host form and always see plain row-major floats.
///
/// A buffer that was set to zero knows it: nothing is written until somebody looks, and an engine that adds to it may
/// overwrite it instead.
///
/// A net that only infers lets buffers *forget* values that the rest of a pass does not need, and passes their memory on. Who
/// asks for them all the same has them computed again.
///
/// Not thread-safe, as nothing in a net is: a pass runs on one thread at a time.
public final class Buffer {
  /// How many values the buffer holds.
  public private(set) var count = 0

  /// How many values fit without new memory.
  public private(set) var capacity = 0

  private var memory: HostMemory?
  private var hostState = HostState.zero
  private var forms: [(form: any BufferForm, isCurrent: Bool)] = []
  private var valuesToCome: ((UnsafeMutableBufferPointer<Float>) -> Void)?
  private var pins = 0
  /// What lasting views showed when a pass had ended, and the version of these values.
  private var shown: (values: [Float], version: Int)?
  /// Computes forgotten values again.
  private var recall: (() -> Void)?

  /// Grows whenever the values may have changed: who has derived something from them can tell whether it is out of date.
  public private(set) var version = 0

  private enum HostState {
    /// The host form holds the values.
    case current
    /// Every value is zero, whatever the memory says.
    case zero
    /// Another form is newer.
    case stale
    /// The values are nowhere.
    case forgotten
    /// `valuesToCome` will write the values when somebody looks.
    case toCome
  }

  public init(count: Int = 0) { resize(to: count) }

  /// Changes the number of values. Memory never shrinks: without growth the old values stay, in flat order; with growth
  /// everything is zero.
  public func resize(to newCount: Int) {
    guard newCount != count else { return }
    if hostState == .forgotten { setZero() }
    version += 1
    if newCount > capacity {
      // Lasting views keep the old memory.
      memory = nil
      hostState = .zero
      capacity = newCount
    } else {
      // The values beyond the new count stay in memory too, so the whole capacity must be there.
      if hostState != .zero { _ = prepareHost(keepingValues: true) }
    }
    forms.removeAll(keepingCapacity: true)
    count = newCount
  }
}

// MARK: - The host form

extension Buffer {
  /// The values, to be read. Valid until the buffer is resized or written through another form.
  public var values: UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: prepareHost(keepingValues: true), count: count)
  }

  /// The values, to be read and changed.
  public var mutableValues: UnsafeMutableBufferPointer<Float> {
    let pointer = prepareHost(keepingValues: true)
    hostWasWritten()
    return UnsafeMutableBufferPointer(start: pointer, count: count)
  }

  /// The memory of the values, every one of which the caller is about to write: what it holds before is undefined.
  public var uninitializedValues: UnsafeMutableBufferPointer<Float> {
    let pointer = prepareHost(keepingValues: false)
    hostWasWritten()
    return UnsafeMutableBufferPointer(start: pointer, count: count)
  }

  /// Sets every value to zero without touching the memory.
  public func setZero() {
    hostState = .zero
    markFormsStale()
  }

  /// Leaves the values to a function that is called when somebody looks at them, and never if they are overwritten before.
  ///
  /// - Parameter fill: writes every value.
  public func setLater(_ fill: @escaping (UnsafeMutableBufferPointer<Float>) -> Void) {
    // Memory that is there already may hold anything beyond the count.
    if memory != nil { _ = prepareHost(keepingValues: true) }
    hostWasWritten()
    hostState = .toCome
    valuesToCome = fill
  }

  /// True when every value is known to be zero.
  public var isZero: Bool {
    remember()
    return hostState == .zero
  }

  /// Copies another buffer's values, in the form in which they are there.
  public func copy(from other: Buffer) {
    precondition(count == other.count, "buffers of different size")
    guard other !== self else { return }
    other.remember()
    if other.isZero { return setZero() }
    if let entry = other.forms.first(where: { $0.isCurrent }) { return entry.form.copy(to: self) }
    let source = other.values
    _ = uninitializedValues.update(from: source)
  }

  /// Exchanges the memory of two buffers of one size, without copying.
  ///
  /// If one of them is pinned, both keep their addresses, and the values are copied instead.
  public func takeValues(of other: Buffer) {
    precondition(count == other.count, "buffers of different size")
    let incoming = other.values
    guard pins == 0, other.pins == 0, capacity == other.capacity else {
      _ = uninitializedValues.update(from: incoming)
      return
    }
    let outgoing = memory ?? HostMemory(capacity)
    memory = other.memory
    other.memory = outgoing
    hostWasWritten()
    other.hostWasWritten()
  }

  private func hostWasWritten() {
    hostState = .current
    markFormsStale()
  }

  private func prepareHost(keepingValues: Bool) -> UnsafeMutablePointer<Float> {
    if keepingValues { remember() }
    let isFresh = memory == nil
    let memory = memory ?? HostMemory(capacity)
    let pointer = memory.pointer
    if isFresh {
      self.memory = memory
      if hostState == .zero || !keepingValues { hostState = .current }
    }
    guard keepingValues else {
      // The values beyond the count, which nobody is about to write, must stay zero.
      if hostState == .zero, count < capacity { (pointer + count).update(repeating: 0, count: capacity - count) }
      return pointer
    }
    switch hostState {
    case .current: break
    case .zero: pointer.update(repeating: 0, count: capacity)
    case .stale:
      let current = forms.filter(\.isCurrent).map(\.form)
      (current.first(where: \.isExact) ?? current.first)?.write(toHost: pointer)
    case .forgotten: preconditionFailure("forgotten values were not computed again")
    case .toCome: valuesToCome?(UnsafeMutableBufferPointer(start: pointer, count: count))
    }
    valuesToCome = nil
    hostState = .current
    return pointer
  }
}

// MARK: - Forgetting

extension Buffer {
  /// Gives the memory of the values up, for other buffers to use.
  ///
  /// - Parameter recall: computes the values again and writes them here, if anybody asks for them before they are overwritten.
  package func forget(recall: @escaping () -> Void) {
    precondition(pins == 0, "somebody is looking at the values")
    guard hostState != .forgotten else { return }
    markFormsStale()
    for entry in forms { entry.form.giveUpMemory() }
    memory = nil
    hostState = .forgotten
    self.recall = recall
  }

  /// Gives up the row-major memory, if a form of an engine's own holds the values as well. Who asks for them gets them back from
  /// there.
  ///
  /// - Parameter exactly: whether that form must hold the very same values, rather than rounded ones.
  package func dropHostForm(exactly: Bool = true) {
    guard pins == 0, hostState == .current, forms.contains(where: { $0.isCurrent && ($0.form.isExact || !exactly) })
    else { return }
    memory = nil
    hostState = .stale
  }

  /// Lets engines convert the values again, as if they had just been written.
  package func outdateForms() {
    guard hostState == .current else { return }
    for index in forms.indices { forms[index].isCurrent = false }
  }

  package var isForgotten: Bool { hostState == .forgotten }

  /// Whether an engine's form alone holds the values.
  package var isInEngineForm: Bool { hostState == .stale }

  /// Whether a lasting view of the values is alive.
  package var isPinned: Bool { pins > 0 }

  private func remember() {
    guard hostState == .forgotten else { return }
    recall?()
    // The net is gone, or could not compute.
    if hostState == .forgotten { setZero() }
  }
}

// MARK: - Lasting views

/// The pins of all buffers of the process.
private let allPins = Atomic(0)

extension Buffer {
  /// Whether any buffer of the process is pinned: if not, nobody need look at each.
  package static var arePinned: Bool { allPins.load(ordering: .relaxed) > 0 }

  /// Announces a view of the host form that outlives the call, as a numpy array that a script keeps.
  public func pin() {
    pins += 1
    allPins.add(1, ordering: .relaxed)
  }

  /// Withdraws one `pin()`.
  public func unpin() {
    precondition(pins > 0, "unpin without pin")
    pins -= 1
    if pins == 0 { shown = nil }
    allPins.subtract(1, ordering: .relaxed)
  }

  /// The memory of the host form, to be viewed for as long as the caller keeps it: to be read and changed now, and whenever the
  /// buffer is pinned.
  package var lastingMemory: HostMemory {
    _ = mutableValues
    return memory!
  }

  /// While a lasting view is alive, the owner may have written through it: before a pass the host form counts as newest, unless a
  /// look at the values says that they are the same as ever.
  package func acceptWritesThroughViews() {
    guard pins > 0, hostState != .forgotten, !showsWhatItShowed else { return }
    _ = prepareHost(keepingValues: true)
    hostWasWritten()
  }

  /// … and after a pass it shows the newest values.
  package func updateViews() {
    guard pins > 0, hostState != .forgotten else { return }
    let pointer = prepareHost(keepingValues: true)
    guard count <= Self.mostToCompare, shown?.version != version else { return }
    shown = (Array(UnsafeBufferPointer(start: pointer, count: count)), version)
  }

  /// Larger buffers are not compared with a copy of theirs.
  package static let mostToCompare = 4096

  /// Whether nothing has been written since a pass ended, through views or otherwise.
  private var showsWhatItShowed: Bool {
    guard let shown, shown.version == version, hostState == .current, let memory else { return false }
    // Bits are compared: what is not a number does not differ from itself.
    var differences: UInt32 = 0
    shown.values.withUnsafeBufferPointer { copy in
      for i in copy.indices { differences |= copy[i].bitPattern ^ memory.pointer[i].bitPattern }
    }
    return differences == 0
  }
}

/// The memory of a buffer's host form. It lives as long as anybody refers to it, so that a view taken before the buffer moved to
/// larger memory still shows something.
package final class HostMemory {
  package let pointer: UnsafeMutablePointer<Float>
  private let memory: AlignedMemory

  init(_ count: Int) {
    memory = AlignedMemory(byteCount: count * MemoryLayout<Float>.stride)
    pointer = memory.address.bindMemory(to: Float.self, capacity: count)
  }
}

// MARK: - Forms of engines

/// The values of a buffer in a layout of an engine's own.
public protocol BufferForm: AnyObject {
  /// Converts the values to row-major order.
  func write(toHost values: UnsafeMutablePointer<Float>)

  /// Takes the values from row-major order.
  func read(fromHost values: UnsafePointer<Float>)

  /// Makes these values the newest of another buffer of the same size, in a form like this one.
  func copy(to other: Buffer)

  /// Lets others use the memory of these values, which are out of date.
  func giveUpMemory()

  /// Whether each value is stored as the float that it is.
  var isExact: Bool { get }
}

extension BufferForm {
  public var isExact: Bool { true }
  public func giveUpMemory() {}
}

extension Buffer {
  /// The first form that is current and satisfies the condition.
  public func currentForm<Form: BufferForm>(of type: Form.Type, where condition: (Form) -> Bool = { _ in true })
    -> Form?
  {
    remember()
    for entry in forms where entry.isCurrent {
      if let form = entry.form as? Form, condition(form) { return form }
    }
    return nil
  }

  /// A form that satisfies the condition, current or not, made and kept when there is none yet.
  public func form<Form: BufferForm>(where condition: (Form) -> Bool, orMake make: () throws -> Form) rethrows -> Form {
    for entry in forms {
      if let form = entry.form as? Form, condition(form) { return form }
    }
    let form = try make()
    forms.append((form, false))
    return form
  }

  /// True when no other form is newer than the row-major host form.
  public var hostIsCurrent: Bool {
    remember()
    return hostState != .stale
  }

  /// Declares a form of this buffer equal to the current ones.
  public func markCurrent(_ form: any BufferForm) { setCurrent(form) }

  /// Declares a form of this buffer newer than all others.
  public func markNewest(_ form: any BufferForm) {
    markFormsStale()
    hostState = .stale
    setCurrent(form)
  }

  private func setCurrent(_ form: any BufferForm) {
    guard let index = forms.firstIndex(where: { $0.form === form }) else {
      preconditionFailure("the form belongs to another buffer")
    }
    forms[index].isCurrent = true
  }

  private func markFormsStale() {
    version += 1
    recall = nil
    for index in forms.indices { forms[index].isCurrent = false }
  }
}
