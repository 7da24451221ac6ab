import Dispatch
import FoundationEssentials
import Synchronization

/// A .caffemodel file whose values are read when they are wanted, straight to where they are wanted.
///
/// Decoding the file as one message would write every value twice and hold all of them in memory twice. Here a walk through the
/// fields finds where values lie, and only what is left without them is decoded.
public final class WeightFile {
  /// The net in the newest format. Its blobs have their shapes; their values are to be asked for here.
  public let definition: NetDefinition
  private let path: String
  private let file: ReadableFile
  private let blobs: [StoredBlob]

  /// Values that lie in the file as they do in memory.
  public struct Values: Sendable {
    fileprivate var pieces: [Range<Int>] = []
    public fileprivate(set) var count = 0

    fileprivate mutating func append(_ piece: Range<Int>) {
      pieces.append(piece)
      count += piece.count / MemoryLayout<Float>.stride
    }
  }

  /// Opens a file; nil if it has to be decoded as a whole: a pipe, or a file in which something is wrong.
  ///
  /// - Throws: ``UpgradeError`` for an old net that has no newest form.
  public init?(path: String) throws(UpgradeError) {
    guard let file = ReadableFile(path) else { return nil }
    var outline = Outline()
    let message = Schema.caffe.message(for: NetParameter.self)
    guard let bytes = outline.walk(FileBytes(of: file), as: message), !bytes.isEmpty, !file.hasFailed else {
      return nil
    }
    do { definition = try NetDefinition(binary: Data(bytes), file: path) } catch let error as UpgradeError {
      throw error
    } catch { return nil }
    self.path = path
    self.file = file
    blobs = outline.blobs
  }

  /// The values and gradients of a blob of `definition`, or nil if they do not lie there as in memory (doubles, for one): decode
  /// the blob then.
  public func values(of blob: BlobProto) -> (data: Values, diff: Values)? {
    let stored = blobs[Outline.number(of: blob)]
    return stored.isPlain ? (stored.data, stored.diff) : nil
  }

  /// Reads values into memory for just as many.
  public func read(_ values: Values, into target: UnsafeMutableBufferPointer<Float>) throws(BinaryProtoError) {
    precondition(values.count == target.count, "memory of another size")
    var target = UnsafeMutableRawBufferPointer(target)[...]
    for piece in values.pieces {
      try read(piece, into: UnsafeMutableRawBufferPointer(rebasing: target.prefix(piece.count)))
      target = target.dropFirst(piece.count)
    }
  }

  /// A blob of `definition` with all that the file has of it.
  public func decoded(_ blob: BlobProto) throws(BinaryProtoError) -> BlobProto {
    let range = blobs[Outline.number(of: blob)].whole
    let bytes: [UInt8]
    do { bytes = try file.bytes(range) } catch { throw complaint(error) }
    return try BinaryProto.parse(BlobProto.self, bytes: Data(bytes), file: path)
  }

  /// Reads a piece, a large one on several threads: the system spends most of the time on handing out memory page by page.
  private func read(_ piece: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws(BinaryProtoError) {
    let parts = Parts(piece, of: file, target)
    // The threads of Dispatch are gone in a process that was forked, and it does not know.
    if Fork.count > 0 {
      (0..<parts.count).forEach(parts.read)
    } else {
      DispatchQueue.concurrentPerform(iterations: parts.count, execute: parts.read)
    }
    if let failure = parts.failure.withLock({ $0 }) { throw complaint(failure) }
  }

  private func complaint(_ failure: FileFailure) -> BinaryProtoError {
    switch failure {
    case .notFound: BinaryProtoError(file: path, message: "NetParameter", problem: .fileNotFound)
    case .unreadable(let reason): BinaryProtoError(file: path, message: "NetParameter", problem: .unreadable(reason))
    }
  }
}

/// A piece of the file, to be read part by part, by any thread.
///
/// Parts do not overlap, neither in the file nor in memory: hence Sendable.
private final class Parts: @unchecked Sendable {
  let failure = Mutex<FileFailure?>(nil)
  private let piece: Range<Int>
  private let file: ReadableFile
  private let target: UnsafeMutableRawBufferPointer

  private static let size = 8 << 20

  init(_ piece: Range<Int>, of file: ReadableFile, _ target: UnsafeMutableRawBufferPointer) {
    (self.piece, self.file, self.target) = (piece, file, target)
  }

  var count: Int { (piece.count + Self.size - 1) / Self.size }

  func read(_ part: Int) {
    let range = part * Self.size..<min((part + 1) * Self.size, piece.count)
    do throws(FileFailure) {
      try file.read(
        from: piece.lowerBound + range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: target[range]))
    } catch { failure.withLock { $0 = error } }
  }
}

/// Where a blob lies in the file, and its values in it.
private struct StoredBlob {
  var whole: Range<Int>
  var data = WeightFile.Values()
  var diff = WeightFile.Values()
  /// Whether all values are floats side by side.
  var isPlain = true
}

/// The fields of a net without the values of its blobs: each blob has its number in place of them.
private struct Outline {
  private(set) var blobs: [StoredBlob] = []

  /// The messages that a blob may be part of.
  private static let holders: Set<String> = ["LayerParameter", "V1LayerParameter", "V0LayerParameter"]

  private enum BlobField {
    static let data = 5
    static let diff = 6
    static let doubleData = 8
    static let doubleDiff = 9
  }

  /// The outline of a message, or nil if the bytes are not in wire format.
  mutating func walk(_ bytes: FileBytes, as message: Schema.MessageType) -> [UInt8]? {
    var wire = WireWriter()
    var reader = WireReader(bytes)
    while !reader.isAtEnd {
      guard let field = reader.next() else { return nil }
      let kind = message.field(numbered: field.number)?.kind
      if case .message(let name) = kind, field.type == .lengthDelimited, name == "BlobProto" {
        guard let blob = outline(field.content) else { return nil }
        wire.lengthDelimited(field.number, blob)
      } else if case .message(let name) = kind, field.type == .lengthDelimited, Self.holders.contains(name) {
        guard let child = Schema.caffe.messages[name], let inner = walk(field.content, as: child) else { return nil }
        wire.lengthDelimited(field.number, inner)
      } else if kind != nil {
        guard let whole = try? bytes.file.bytes(field.whole.range) else { return nil }
        wire.append(whole)
      }
    }
    return wire.bytes
  }

  private mutating func outline(_ bytes: FileBytes) -> [UInt8]? {
    var blob = StoredBlob(whole: bytes.range)
    var wire = WireWriter()
    var reader = WireReader(bytes)
    while !reader.isAtEnd {
      guard let field = reader.next() else { return nil }
      let isPacked = field.type == .lengthDelimited && field.content.count.isMultiple(of: MemoryLayout<Float>.stride)
      switch field.number {
      case BlobField.data where isPacked: blob.data.append(field.content.range)
      case BlobField.diff where isPacked: blob.diff.append(field.content.range)
      case BlobField.data, BlobField.diff, BlobField.doubleData, BlobField.doubleDiff: blob.isPlain = false
      default:
        guard let whole = try? bytes.file.bytes(field.whole.range) else { return nil }
        wire.append(whole)
      }
    }
    wire.key(BlobField.data, .lengthDelimited)
    wire.varint(UInt64(MemoryLayout<UInt32>.size))
    wire.fixed(UInt32(blobs.count))
    blobs.append(blob)
    return wire.bytes
  }

  /// The number that the outline wrote in place of a blob's values.
  static func number(of blob: BlobProto) -> Int { Int(blob.data[0].bitPattern) }
}
