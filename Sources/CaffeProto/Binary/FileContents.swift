import FoundationEssentials

/// Why a file gave no bytes.
enum FileFailure: Error {
  case notFound
  case unreadable(String)
}

/// The bytes of a file.
///
/// - Parameter mapped: Leaves large files where they are until their bytes are asked for.
func fileContents(_ path: String, mapped: Bool) throws(FileFailure) -> Data {
  do {
    return try Data(contentsOf: URL(filePath: path), options: mapped ? .alwaysMapped : [])
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
