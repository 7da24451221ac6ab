public import CaffeProto

extension Database {
  /// Calls `body` with each record, in order; `progress` is about how much of the database lies behind.
  public func forEachRecord(_ body: (Record, _ progress: Double) throws -> Void) throws {
    let cursor = makeCursor()
    while true {
      let record = try cursor.next()
      if cursor.turns > 0 { return }
      try body(record, cursor.progress)
    }
  }
}

extension Record {
  /// The record's contents.
  ///
  /// - Throws: `DataError` when it is no `Datum`.
  public func datum(of database: String) throws(DataError) -> Datum {
    guard let datum = try? Datum(serializedBytes: value) else {
      throw DataError(
        database, "record '\(name)' is no Datum",
        remedy: "the database is damaged, or was not made for Caffe; make it anew")
    }
    return datum
  }
}
