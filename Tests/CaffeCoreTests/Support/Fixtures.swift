import Foundation

/// The files that the tests read.
enum Fixtures {
  /// `Tests/Fixtures/golden`.
  static let golden = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fixtures/golden").standardizedFileURL
}
