internal import CaffeCore
internal import CaffeData
internal import CaffeProto
internal import FoundationEssentials
internal import SwiftProtobuf

/// Databases of records, each of which is an image or an array.
extension FuzzTarget {
  static let databases = [
    FuzzTarget("lmdb", endings: ["data.mdb"]) { bytes, folder in
      try readAll(openDatabase(folder.write(bytes, as: "data.mdb")))
    },

    FuzzTarget(
      "leveldb", endings: ["CURRENT"], made: { [try smallLevelDB()] },
      read: { bytes, folder in
        try FileBundle(bytes).withTrueChecksums.write(to: folder)
        try readAll(openDatabase(folder.path, .levelDB))
      }),
  ]

  /// A database of five images.
  private static func smallLevelDB() throws -> [UInt8] {
    let folder = FuzzFolder()
    defer { folder.remove() }
    let path = "\(folder.path)/made"
    let writer = try createDatabase(path, .levelDB)
    for index in 0..<5 {
      let datum = Datum.with {
        ($0.channels, $0.height, $0.width, $0.label) = (1, 2, 3, Int32(index))
        $0.data = Data((0..<6).map { UInt8(10 * index + $0) })
      }
      try writer.put(datum.serializedBytes(), key: "0000\(index)")
    }
    try writer.finish()
    return try bundle(path)
  }

  private static func readAll(_ database: any Database) throws {
    var count = 0
    try database.forEachRecord { record, progress in
      count += 1
      try require((0...1).contains(progress), "the progress is \(progress)")
      // A record that is no image does not keep the others from being read.
      if let image = try? Image(record.datum(of: database.path)) {
        try require(image.shape.count > 0, "an image of \(image.shape)")
      }
    }
    let claimed = try database.count
    try require(count == claimed, "\(count) records, but the count is \(claimed)")
    let cursor = database.makeCursor()
    try cursor.skip(count / 2)
    _ = try cursor.next()
    try cursor.skip(count + 1)
    _ = try cursor.next()
  }
}
