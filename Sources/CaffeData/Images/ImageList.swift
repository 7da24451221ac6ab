internal import CaffeCore
internal import CaffeProto
public import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An image that is named but not read yet.
public struct ListedImage: Sendable {
  /// The name as it is listed.
  public let name: String
  /// Where it lies, for messages.
  public let path: String
  /// The numbers behind the name.
  public let labels: [Double]
  /// Where the bytes are.
  private let origin: Origin

  enum Origin: Sendable {
    /// A file, by the bytes of its path, which need not be UTF-8.
    case file([UInt8])
    case member(Int, of: any ImageArchive)
  }

  init(name: String, path: String, labels: [Double], origin: Origin) {
    self.name = name
    self.path = path
    self.labels = labels
    self.origin = origin
  }

  /// An image in a file of its own, by the bytes of its path.
  init(path bytes: [UInt8]) {
    let path = String(decoding: bytes, as: UTF8.self)
    self.init(name: path, path: path, labels: [], origin: .file(bytes))
  }

  /// Makes sure that a net that is not trusted may read the file.
  func check(_ restrictions: Restrictions) throws(NetError) {
    guard case .file(let bytes) = origin else {
      guard case .member(let place, let archive) = origin else { return }
      return try restrictions.check(bytes: archive.size(place), for: "the file '\(name)' in \(archive.path)")
    }
    // What a name in other bytes leads to cannot be told from its text.
    guard bytes == Array(path.utf8) else {
      throw NetError(
        "the name of the image '\(path)' is not UTF-8, and the net is not trusted", remedy: "give the file another name"
      )
    }
    try restrictions.check(path)
  }

  /// Whether there is no such file.
  public var isMissing: Bool {
    guard case .file(let bytes) = origin else { return false }
    return access(bytes.map(CChar.init(bitPattern:)) + [0], F_OK) != 0
  }

  /// The bytes of the file.
  public func read() throws(DataError) -> Data {
    switch origin {
    case .member(let place, let archive): return try archive.read(place)
    case .file(let bytes):
      do {
        // No image is larger; a file without end, such as /dev/zero, is.
        return try fileContents(bytesOfPath: bytes, limit: 1 << 30)
      } catch {
        throw DataError(path, "Could not open or find file: \(error)", remedy: "correct the list or the root folder")
      }
    }
  }
}

/// Images with their labels, in the order of a list.
///
/// | source                    | images                                              | labels                          |
/// |---------------------------|-----------------------------------------------------|---------------------------------|
/// | a text file, or a pipe    | a path and its labels on each line                  | behind the last spaces          |
/// | a folder                  | the image files in its folders, by their endings    | their folder's place by name    |
/// | a .zip, .tar, .tar.gz file | the same, in an archive of such folders            | the same                        |
///
/// Archives are not unpacked; a .tar.gz is, once, into a temporary file that has no name.
public struct ImageList: Sendable {
  public let source: String
  /// The folders of the images in the order of their labels; empty for a text file.
  public let classes: [String]
  private let root: String
  private let names: [String]
  private let rawNames: [Int: [UInt8]]
  private let labels: [Double]
  private let labelCount: Int
  private let archive: (any ImageArchive)?
  /// Which member of the archive each image is.
  private let places: [Int]

  public var count: Int { names.count }

  /// Makes sure that a net that is not trusted names no images outside of its folder.
  func check(_ restrictions: Restrictions) throws(NetError) {
    for index in 0..<count { try self[index].check(restrictions) }
  }

  public subscript(index: Int) -> ListedImage {
    let path = root + names[index]
    let bytes = rawNames[index].map { Array(root.utf8) + $0 }
    return ListedImage(
      name: names[index], path: path, labels: Array(labels[index * labelCount..<(index + 1) * labelCount]),
      origin: archive.map { .member(places[index], of: $0) } ?? .file(bytes ?? Array(path.utf8)))
  }

  /// Opens a list, a folder or an archive.
  ///
  /// - Parameters:
  ///   - root: What is put before each path of a text file, as it is: a folder ends in a slash.
  ///   - labelCount: How many numbers follow each path of a text file; by default one, which must be whole.
  /// - Throws: `DataError` when the source is missing, empty, damaged or has a line that cannot be understood.
  public init(_ source: String, root: String = "", labelCount: Int? = nil) throws(DataError) {
    self.source = source
    switch try SourceKind(of: source) {
    case .text:
      let lines = try ImageLines(source, labelCount: labelCount)
      (names, labels, rawNames) = (lines.names, lines.labels, lines.rawNames)
      self.labelCount = labelCount ?? 1
      self.root = root
      (archive, classes, places) = (nil, [], [])
    case .folder:
      let paths = try files(below: source)
      let sorted = try FoldersOfImages(paths.map { String(decoding: $0, as: UTF8.self) }, in: source, labelCount)
      let ordered = sorted.order.map { paths[$0] }
      names = ordered.map { String(decoding: $0, as: UTF8.self) }
      rawNames = Dictionary(
        uniqueKeysWithValues: ordered.enumerated().filter { String(validating: $0.element, as: UTF8.self) == nil }
          .map { ($0.offset, $0.element) })
      (labels, classes) = (sorted.labels, sorted.classes)
      self.labelCount = 1
      self.root = source.hasSuffix("/") ? source : source + "/"
      (archive, places) = (nil, [])
    case .archive(let archive):
      let sorted = try FoldersOfImages(archive.names, in: source, labelCount)
      (places, labels, classes) = (sorted.order, sorted.labels, sorted.classes)
      names = places.map { archive.names[$0] }
      rawNames = [:]
      self.labelCount = 1
      self.root = source + "/"
      self.archive = archive
    }
    guard !names.isEmpty else { throw DataError(source, "File is empty: it names no images") }
  }

  /// What kind of source lies at a path.
  private enum SourceKind {
    case text, folder
    case archive(any ImageArchive)

    init(of path: String) throws(DataError) {
      var isFolder = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
        throw DataError(
          path, "No such file or directory",
          remedy: "set source to a list of images, a folder of folders, or such a folder as .zip or .tar")
      }
      if isFolder {
        self = .folder
        return
      }
      if isStream(path) {
        self = .text
        return
      }
      let head = try RandomAccessFile(path).read(at: 0, upTo: 512)
      if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
        self = .archive(try ZipArchive(path))
      } else if head.starts(with: [0x1F, 0x8B]) || (head.count == 512 && head[257..<262].elementsEqual("ustar".utf8)) {
        self = .archive(try TarArchive(path))
      } else if head.contains(0), !head.starts(with: [0xFF, 0xFE]), !head.starts(with: [0xFE, 0xFF]) {
        throw DataError(
          path, "it is no list of images, zip or tar file", remedy: "name a text file, a folder or an archive")
      } else {
        self = .text
      }
    }
  }
}

/// Images sorted into classes by the folders that hold them.
private struct FoldersOfImages {
  var classes: [String]
  /// Which of the files are images, class by class and by name.
  var order: [Int]
  var labels: [Double]

  init(_ files: [String], in source: String, _ labelCount: Int?) throws(DataError) {
    guard labelCount == nil else {
      throw DataError(source, "label_size needs a list of images", remedy: "remove label_size, or write a list")
    }
    let images = files.indices.filter { index in
      let name = files[index].lowercased()
      let isHidden = name.split(separator: "/").contains { ($0.hasPrefix(".") && $0 != ".") || $0 == "__macosx" }
      return !isHidden && ImageFileKind(ofFileNamed: name) != nil
    }
    func folder(_ index: Int) throws(DataError) -> String {
      guard let slash = files[index].lastIndex(of: "/"), slash > files[index].startIndex else {
        throw DataError(
          source, "the image \(files[index]) lies in no folder, so it has no class",
          remedy: "sort the images into one folder for each class, or write a list")
      }
      return String(files[index][..<slash])
    }
    let folders = try images.map { index throws(DataError) in try folder(index) }
    classes = Set(folders).sorted()
    let label = Dictionary(uniqueKeysWithValues: zip(classes, classes.indices))
    let sorted = zip(images, folders).map { (index: $0, label: label[$1] ?? 0) }
      .sorted { ($0.label, files[$0.index]) < ($1.label, files[$1.index]) }
    order = sorted.map(\.index)
    labels = sorted.map { Double($0.label) }
  }
}
