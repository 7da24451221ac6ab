import Caffe

/// A blob with the views that Python has of it.
final class BlobHandle: Handled {
  static let noun = "blob"

  let blob: Blob
  let lock: SharedLock?
  /// The net whose blob it is, unless it is a parameter.
  weak let net: NetHandle?
  /// Whether its size is settled: layers and solvers keep things that are as large as a parameter.
  var hasFixedSize: Bool
  private var data = View()
  private var diff = View()

  /// The memory and shape that Python's array was made for; the version changes with them.
  private struct View {
    var memory: HostMemory?
    var shape = Shape.scalar
    var version = 0
    var pinned: Buffer?
  }

  init(_ blob: Blob, lock: SharedLock?, net: NetHandle? = nil, hasFixedSize: Bool = false) {
    self.blob = blob
    self.lock = lock
    self.net = net
    self.hasFixedSize = hasFixedSize
  }

  deinit {
    // Python may drop a blob while another thread computes with its memory.
    nonisolated(unsafe) let buffers = [data.pinned, diff.pinned].compactMap(\.self)
    guard !buffers.isEmpty else { return }
    let release: @Sendable () -> Void = { for buffer in buffers { Self.release(buffer) } }
    if let lock { lock.whenFree(release) } else { release() }
  }

  /// Brings the host form up to date and keeps it so from pass to pass.
  ///
  /// - Returns: the version of the memory and the shape; `layout` is filled in if it is not the known one: address, handle of
  ///   the memory, number of axes, axes.
  func view(ofDiff isDiff: Bool, known: Int, layout: UnsafeMutablePointer<Int>) -> Int {
    isDiff ? view(&diff, blob.diff, known, layout) : view(&data, blob.data, known, layout)
  }

  private func view(_ view: inout View, _ buffer: Buffer, _ known: Int, _ layout: UnsafeMutablePointer<Int>) -> Int {
    if view.pinned !== buffer {
      buffer.pin()
      view.pinned?.unpin()
      view.pinned = buffer
    }
    let memory = buffer.lastingMemory
    if memory !== view.memory || blob.shape != view.shape {
      view.memory = memory
      view.shape = blob.shape
      view.version += 1
    }
    if view.version != known {
      layout[0] = Int(bitPattern: memory.pointer)
      layout[1] = Int(bitPattern: handle(memory))
      layout[2] = blob.shape.rank
      for (axis, extent) in blob.shape.dimensions.enumerated() { layout[3 + axis] = extent }
    }
    return view.version
  }

  /// Lets the engines keep the values in layouts of their own again, as nobody holds an array of them; false while another thread
  /// works on the net.
  func releaseView(ofDiff isDiff: Bool) -> Bool {
    guard let lock else {
      release(isDiff)
      return true
    }
    return (try? lock.withLockIfFree { release(isDiff) }) != nil
  }

  private func release(_ isDiff: Bool) {
    guard let buffer = isDiff ? diff.pinned : data.pinned else { return }
    Self.release(buffer)
    if isDiff { diff.pinned = nil } else { data.pinned = nil }
  }

  private static func release(_ buffer: Buffer) {
    buffer.acceptWritesThroughViews()
    buffer.unpin()
  }

  /// Writes the extents of at most 32 axes and returns how many there are.
  func shape(_ extents: UnsafeMutablePointer<Int>) -> Int {
    for (axis, extent) in blob.shape.dimensions.enumerated() { extents[axis] = extent }
    return blob.shape.rank
  }

  func reshape(to shape: Shape) throws {
    guard let lock else { return try change(to: shape) }
    try lock.withLock { try change(to: shape) }
  }

  private func change(to shape: Shape) throws {
    guard shape != blob.shape else { return }
    guard !hasFixedSize || shape.count == blob.count else {
      throw NetError(
        "a parameter of shape \(blob.shape) cannot take the shape \(shape): its layer needs as many values as it has",
        remedy: "Change the layer in the prototxt and build the net again.")
    }
    try net?.noteReshape()
    blob.reshape(to: shape)
  }
}

/// What `caffe_blob_view` answers instead of a version.
private enum NoView { static let busy = -1, failed = -2 }

/// Answers -1 when another thread works on the net: then ask again with `caffe_blob_view_waiting`; -2 when there is no view.
@_cdecl("caffe_blob_view")
public func blobView(_ blob: Handle?, _ isDiff: Bool, _ known: Int, _ layout: UnsafeMutablePointer<Int>?) -> Int {
  guard let layout, let blob = try? object(blob, BlobHandle.self) else { return NoView.failed }
  guard let lock = blob.lock else { return blob.view(ofDiff: isDiff, known: known, layout: layout) }
  do throws(NetError) {
    return try lock.withLockIfFree { blob.view(ofDiff: isDiff, known: known, layout: layout) } ?? NoView.busy
  } catch { return NoView.failed }
}

@_cdecl("caffe_blob_view_waiting")
public func blobViewWaiting(_ blob: Handle?, _ isDiff: Bool, _ known: Int, _ layout: UnsafeMutablePointer<Int>?) -> Int
{
  guard let layout, let blob = try? object(blob, BlobHandle.self) else { return NoView.failed }
  guard let lock = blob.lock else { return blob.view(ofDiff: isDiff, known: known, layout: layout) }
  return (try? lock.withLock { blob.view(ofDiff: isDiff, known: known, layout: layout) }) ?? NoView.failed
}

/// Why there is no view.
@_cdecl("caffe_blob_check")
public func blobCheck(_ blob: Handle?) -> CText? {
  attempt { try object(blob, BlobHandle.self).lock?.withLock {} }
}

/// Whether the view was given up: not while another thread works on the net.
@_cdecl("caffe_blob_release_view")
public func blobReleaseView(_ blob: Handle?, _ isDiff: Bool) -> Bool {
  (try? object(blob, BlobHandle.self))?.releaseView(ofDiff: isDiff) ?? true
}

/// A number that changes whenever a blob of the process changes its shape or its memory.
@_cdecl("caffe_structure_changes")
public func structureChanges() -> Int { Blob.structureChanges }

/// Writes the extents of at most 32 axes and returns how many there are. Answers -1 when another thread works on the net: then ask
/// again with `caffe_blob_shape_waiting`; -2 when there is no shape.
@_cdecl("caffe_blob_shape")
public func blobShape(_ blob: Handle?, _ extents: UnsafeMutablePointer<Int>?) -> Int {
  guard let extents, let blob = try? object(blob, BlobHandle.self) else { return NoView.failed }
  guard let lock = blob.lock else { return blob.shape(extents) }
  do throws(NetError) {
    return try lock.withLockIfFree { blob.shape(extents) } ?? NoView.busy
  } catch { return NoView.failed }
}

@_cdecl("caffe_blob_shape_waiting")
public func blobShapeWaiting(_ blob: Handle?, _ extents: UnsafeMutablePointer<Int>?) -> Int {
  guard let extents, let blob = try? object(blob, BlobHandle.self) else { return NoView.failed }
  guard let lock = blob.lock else { return blob.shape(extents) }
  return (try? lock.withLock { blob.shape(extents) }) ?? NoView.failed
}

@_cdecl("caffe_blob_reshape")
public func blobReshape(_ blob: Handle?, _ extents: UnsafePointer<Int>?, _ rank: Int) -> CText? {
  attempt {
    try object(blob, BlobHandle.self).reshape(to: Shape(checking: values(extents, rank, "extents")))
  }
}
