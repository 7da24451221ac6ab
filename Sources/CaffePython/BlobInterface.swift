import Caffe

/// A blob with the views that Python has of it.
final class BlobHandle {
  let blob: Blob
  let lock: SharedLock?
  private var data = View()
  private var diff = View()

  /// The memory and shape that Python's array was made for; the version changes with them.
  private struct View {
    var memory: HostMemory?
    var shape = Shape.scalar
    var version = 0
    var pinned: Buffer?
  }

  init(_ blob: Blob, lock: SharedLock?) {
    self.blob = blob
    self.lock = lock
  }

  deinit { releaseViews() }

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

  /// Lets the engines keep the values in layouts of their own again, as nobody holds an array of them.
  func releaseViews() {
    release(&data)
    release(&diff)
  }

  func releaseView(ofDiff isDiff: Bool) { if isDiff { release(&diff) } else { release(&data) } }

  private func release(_ view: inout View) {
    guard let buffer = view.pinned else { return }
    buffer.acceptWritesThroughViews()
    buffer.unpin()
    view.pinned = nil
  }
}

/// Answers -1 when another thread works on the net: then ask again with `caffe_blob_view_waiting`.
@_cdecl("caffe_blob_view")
public func blobView(_ blob: Handle, _ isDiff: Bool, _ known: Int, _ layout: UnsafeMutablePointer<Int>) -> Int {
  let blob = object(blob, BlobHandle.self)
  guard let lock = blob.lock else { return blob.view(ofDiff: isDiff, known: known, layout: layout) }
  return lock.withLockIfFree { blob.view(ofDiff: isDiff, known: known, layout: layout) } ?? -1
}

@_cdecl("caffe_blob_view_waiting")
public func blobViewWaiting(_ blob: Handle, _ isDiff: Bool, _ known: Int, _ layout: UnsafeMutablePointer<Int>) -> Int {
  let blob = object(blob, BlobHandle.self)
  guard let lock = blob.lock else { return blob.view(ofDiff: isDiff, known: known, layout: layout) }
  return lock.withLock { blob.view(ofDiff: isDiff, known: known, layout: layout) }
}

@_cdecl("caffe_blob_release_view")
public func blobReleaseView(_ blob: Handle, _ isDiff: Bool) {
  object(blob, BlobHandle.self).releaseView(ofDiff: isDiff)
}

/// A number that changes whenever a blob of the process changes its shape or its memory.
@_cdecl("caffe_structure_changes")
public func structureChanges() -> Int { Blob.structureChanges }

/// Writes the extents of at most 32 axes and returns how many there are.
@_cdecl("caffe_blob_shape")
public func blobShape(_ blob: Handle, _ extents: UnsafeMutablePointer<Int>) -> Int {
  let shape = object(blob, BlobHandle.self).blob.shape
  for (axis, extent) in shape.dimensions.enumerated() { extents[axis] = extent }
  return shape.rank
}

@_cdecl("caffe_blob_reshape")
public func blobReshape(_ blob: Handle, _ extents: UnsafePointer<Int>, _ rank: Int) -> CText? {
  attempt {
    let blob = object(blob, BlobHandle.self)
    let shape = try Shape(checking: UnsafeBufferPointer(start: extents, count: rank))
    if let lock = blob.lock { lock.withLock { blob.blob.reshape(to: shape) } } else { blob.blob.reshape(to: shape) }
  }
}
