/// Values that a backward pass reads and that a layer working in place overwrites before.
///
///     ReLU       a → b    reads b in its backward pass
///     BatchNorm  b → b    overwrites it
///
/// The layer that overwrites them has them copied first. Where an engine's form holds them, copy on write makes that free.
/// Names, views and what a blob shows stay as they are.
final class OverwrittenValues {
  private let source: Buffer
  private let copy = Buffer()
  /// Whether the copy holds the values of the last forward pass: not if a part of the net ran that did not overwrite them.
  private(set) var areKept = false

  init(_ source: Buffer) { self.source = source }

  func keep() {
    copy.resize(to: source.count)
    copy.copy(from: source)
    areKept = true
  }

  func discard() { areKept = false }

  /// A blob as it was before its values were overwritten, with the same gradient.
  func restored(_ blob: Blob) -> Blob {
    Blob(blob.shape, data: copy, diff: blob.diff)
  }

  /// Finds such values in a net whose layers are set up.
  static func find(in net: Net) {
    var buffers: [ObjectIdentifier: (writer: LayerNode, readers: [(node: LayerNode, blob: Int)])] = [:]
    for node in net.layers {
      let written = node.tops.enumerated().filter { !node.isView($1) }
      for (_, top) in written {
        let id = ObjectIdentifier(top.data)
        if let earlier = buffers[id], !earlier.readers.isEmpty {
          let values = OverwrittenValues(top.data)
          node.overwrites.append(values)
          earlier.writer.outdates.append(values)
          for reader in earlier.readers { reader.node.overwrittenLater[reader.blob] = values }
        }
        buffers[id] = (node, [])
      }
      guard node.needsBackward else { continue }
      let reads = node.layer.backwardReads
      for (index, blob) in (node.bottoms + node.tops).enumerated() {
        let isTop = index >= node.bottoms.count
        let isOwnBusiness = !isTop && written.contains { $1 === blob }
        guard reads.contains(isTop ? .tops : .bottoms), !isOwnBusiness else { continue }
        buffers[ObjectIdentifier(blob.data)]?.readers.append((node, index))
      }
    }
  }
}

extension LayerNode {
  /// Whether a top is a bottom's memory under another name, so that forward does not write it.
  fileprivate func isView(_ top: Blob) -> Bool { bottoms.contains { $0 !== top && $0.data === top.data } }
}
