import FoundationEssentials

/// Why a file gave no bytes.
enum FileFailure: Error {
  case notFound
  case unreadable(String)
}

/// The bytes of a file, mapped into memory where that is safe.
func fileContents(_ path: String) throws(FileFailure) -> Data {
  do {
    return try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
  } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
    throw .notFound
  } catch let error as CocoaError where error.code == .fileReadNoPermission {
    throw .unreadable("no permission")
  } catch {
    var isDirectory = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    throw .unreadable(isDirectory ? "it is a directory" : "\(error)")
  }
}
