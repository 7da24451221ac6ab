internal import Synchronization

/// An N-dimensional array of float32 with its gradient: the data that flow through a net, or the parameters of a layer.
///
/// `data` holds the values, `diff` their gradient; both are row-major and allocated when first touched, so that a net
/// which only infers never pays for gradients. Blobs may share buffers: the copies that a Split makes share their data.
public final class Blob {
  public private(set) var shape: Shape
  public private(set) var data: Buffer
  public private(set) var diff: Buffer

  public init(_ shape: Shape = [0]) {
    self.shape = shape
    data = Buffer(count: shape.count)
    diff = Buffer(count: shape.count)
  }

  /// A blob in memory that exists already.
  init(_ shape: Shape, data: Buffer, diff: Buffer) {
    self.shape = shape
    self.data = data
    self.diff = diff
  }

  /// A blob with these values.
  public convenience init(_ shape: Shape, _ values: [Float]) {
    precondition(values.count == shape.count, "\(values.count) values for a blob of shape \(shape)")
    self.init(shape)
    _ = data.uninitializedValues.update(from: values)
  }

  /// The number of elements.
  public var count: Int { shape.count }

  /// Changes the shape. Values stay, in flat order, unless the blob outgrows its memory, which then starts at zero.
  public func reshape(to shape: Shape) {
    guard shape != self.shape || data.count != shape.count else { return }
    self.shape = shape
    data.resize(to: shape.count)
    diff.resize(to: shape.count)
    Self.noteChange()
  }

  public func reshape(like other: Blob) { reshape(to: other.shape) }

  /// Makes this blob's values the other's: one memory from now on.
  public func shareData(of other: Blob) {
    shareData(other.data)
  }

  /// Makes a buffer of as many values this blob's memory.
  func shareData(_ buffer: Buffer) {
    precondition(count == buffer.count, "a buffer of different size")
    data = buffer
    Self.noteChange()
  }

  /// Makes this blob's gradient the other's: one memory from now on.
  public func shareDiff(of other: Blob) {
    precondition(count == other.count, "blobs of different size")
    diff = other.diff
    Self.noteChange()
  }

  /// How often any blob of the process changed its shape or its memory: who keeps views of blobs need not look at each.
  package static var structureChanges: Int { changes.load(ordering: .acquiring) }
  private static let changes = Atomic(0)

  private static func noteChange() { changes.add(1, ordering: .releasing) }

  /// The single value of a scalar blob, such as a loss.
  public var scalar: Float {
    get { data.values[0] }
    set { data.uninitializedValues[0] = newValue }
  }
}
