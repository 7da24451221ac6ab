import Caffe
import FoundationEssentials

/// Several byte strings in one, each behind its length: what copies and pickles of nets and solvers are made of.
struct Parcel {
  private(set) var bytes: [UInt8]

  init(_ parts: [[UInt8]]) {
    bytes = []
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.count + MemoryLayout<UInt64>.size })
    for part in parts {
      withUnsafeBytes(of: UInt64(part.count).littleEndian) { bytes.append(contentsOf: $0) }
      bytes.append(contentsOf: part)
    }
  }

  /// The byte strings in a parcel.
  ///
  /// - Throws: `NetError` when the lengths do not fit.
  static func parts(of bytes: UnsafeBufferPointer<UInt8>) throws(NetError) -> [Data] {
    var parts: [Data] = []
    var rest = UnsafeRawBufferPointer(bytes)[...]
    while !rest.isEmpty {
      let size = MemoryLayout<UInt64>.size
      guard rest.count >= size else { throw damaged }
      let count = UInt64(littleEndian: UnsafeRawBufferPointer(rebasing: rest).loadUnaligned(as: UInt64.self))
      rest = rest.dropFirst(size)
      guard count <= rest.count else { throw damaged }
      parts.append(Data(rest.prefix(Int(count))))
      rest = rest.dropFirst(Int(count))
    }
    return parts
  }

  static var damaged: NetError {
    NetError("the bytes are no copy of a net or a solver", remedy: "They are damaged, or of another version.")
  }
}
