/// A format of image files that is read here.
public enum ImageFileKind: String, CaseIterable, Hashable, Sendable {
  case jpeg = "JPEG"
  case png = "PNG"
  case bmp = "BMP"
  /// PBM, PGM, PPM and PAM.
  case pnm = "PNM"

  /// The format that the first bytes of a file tell.
  public init?(of bytes: some Collection<UInt8>) {
    let start = Array(bytes.prefix(4))
    guard let kind = Self.allCases.first(where: { $0.begins(start) }) else { return nil }
    self = kind
  }

  /// The format that a file's ending promises.
  public init?(ofFileNamed name: String) {
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let ending = name[name.index(after: dot)...].lowercased()
    guard let kind = Self.allCases.first(where: { $0.endings.contains(ending) }) else { return nil }
    self = kind
  }

  private func begins(_ start: [UInt8]) -> Bool {
    switch self {
    case .jpeg: start.starts(with: [0xFF, 0xD8])
    case .png: start.starts(with: [0x89, 0x50, 0x4E, 0x47])
    case .bmp: start.starts(with: "BM".utf8)
    case .pnm: start.count > 2 && start[0] == UInt8(ascii: "P") && (0x31...0x37).contains(start[1]) && start[2] <= 0x23
    }
  }

  private var endings: [String] {
    switch self {
    case .jpeg: ["jpg", "jpeg"]
    case .png: ["png"]
    case .bmp: ["bmp", "dib"]
    case .pnm: ["pbm", "pgm", "ppm", "pnm", "pam"]
    }
  }

  /// All of them in words: `JPEG, PNG, BMP or PNM`.
  static var list: String {
    allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or " + pnm.rawValue
  }
}
