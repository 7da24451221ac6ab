public import FoundationEssentials

/// What a file really is, told by its bytes, whatever its name: for messages about files in the wrong place.
public enum FileKind: Hashable, Sendable {
  // Files of Caffe's own.
  case weights
  case solverState
  case blob
  case datum
  case netText
  case solverText

  case hdf5
  /// Compressed; the command that unpacks it.
  case compressed(String, unpack: String)
  /// A model or an array of another framework.
  case foreignModel(String)
  case numpy
  /// Git LFS left a note in place of the file.
  case gitLFSPointer
  case markup
  case picture(String)
  case database
  case text
  /// Anything else that has a name.
  case other(String)

  /// What the bytes of a file are; nil where that cannot be told.
  public init?(_ bytes: Data) {
    guard let kind = Self(head: Array(bytes.prefix(Self.headSize))) ?? Self(text: bytes.prefix(Self.textSize)) else {
      guard let kind = bytes.withUnsafeBytes({ Self(wire: $0[...]) }) else { return nil }
      self = kind
      return
    }
    self = kind
  }

  /// What a file is; nil where that cannot be told, and for pipes, whose bytes are not to be used up.
  public init?(path: String) {
    guard let file = ReadableFile(path), file.byteCount > 0 else { return nil }
    guard let start = try? file.bytes(0..<min(Self.textSize, file.byteCount)) else { return nil }
    guard let kind = Self(head: Array(start.prefix(Self.headSize))) ?? Self(text: Data(start)) else {
      guard let kind = Self(wire: FileBytes(of: file)), !file.hasFailed else { return nil }
      self = kind
      return
    }
    self = kind
  }

  /// With its article: `a training state (.solverstate)`.
  public var description: String {
    switch self {
    case .weights: "a net in binary form (.caffemodel)"
    case .solverState: "the state of a solver (.solverstate)"
    case .blob: "a single blob, such as a mean image (.binaryproto)"
    case .datum: "a single record of a database (Datum)"
    case .netText: "the definition of a net (.prototxt)"
    case .solverText: "the definition of a solver (.prototxt)"
    case .hdf5: "HDF5"
    case .compressed(let name, _): "compressed (\(name))"
    case .foreignModel(let name): name
    case .numpy: "a NumPy array (.npy)"
    case .gitLFSPointer: "a pointer of Git LFS (fetch the file itself with \"git lfs pull\")"
    case .markup: "a page of HTML or XML"
    case .picture(let name): "a picture (\(name))"
    case .database: "a file of an LMDB database"
    case .text: "text"
    case .other(let name): name
    }
  }
}

// MARK: By the first bytes

extension FileKind {
  private static let headSize = 264
  private static let textSize = 1 << 16

  private static let signatures: [(offset: Int, bytes: [UInt8], kind: FileKind)] = [
    (0, [0x89] + Array("HDF".utf8), .hdf5),
    (0, [0x1F, 0x8B], .compressed("gzip", unpack: "gunzip")),
    (0, Array("BZh".utf8), .compressed("bzip2", unpack: "bunzip2")),
    (0, [0xFD] + Array("7zXZ".utf8), .compressed("xz", unpack: "unxz")),
    (0, [0x28, 0xB5, 0x2F, 0xFD], .compressed("Zstandard", unpack: "unzstd")),
    (0, [0x04, 0x22, 0x4D, 0x18], .compressed("LZ4", unpack: "unlz4")),
    (0, [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], .compressed("7z", unpack: "7z x")),
    (0, Array("Rar!".utf8), .compressed("RAR", unpack: "unrar x")),
    (257, Array("ustar".utf8), .compressed("a tar archive", unpack: "tar xf")),
    (0, [0x93] + Array("NUMPY".utf8), .numpy),
    (0, Array("version https://git-lfs".utf8), .gitLFSPointer),
    (0, [0xFF, 0xD8, 0xFF], .picture("JPEG")),
    (0, [0x89] + Array("PNG".utf8), .picture("PNG")),
    (0, Array("GIF8".utf8), .picture("GIF")),
    (8, Array("WEBP".utf8), .picture("WebP")),
    (0, Array("%PDF".utf8), .other("a PDF document")),
    (0, [0x7F] + Array("ELF".utf8), .other("a program or a library (ELF)")),
    (0, Array("SQLite format 3".utf8), .other("an SQLite database")),
    (0, Array("GGUF".utf8), .foreignModel("a model in the format GGUF")),
    (4, Array("TFL3".utf8), .foreignModel("a model of TensorFlow Lite (.tflite)")),
    (16, [0xDE, 0xC0, 0xEF, 0xBE], .database),
  ]

  private init?(head: [UInt8]) {
    if let match = Self.signatures.first(where: { head.dropFirst($0.offset).starts(with: $0.bytes) }) {
      self = match.kind
    } else if head.starts(with: Array("PK".utf8)), head.count > 4, head[2] < 9 {
      self = Self.archive(head)
    } else if head.count > 2, head[0] == 0x80, 2...5 ~= head[1] {
      self = .foreignModel("a pickle of Python, perhaps of PyTorch (.pt, .pth, .pkl)")
    } else if head.count > 9, head[8] == UInt8(ascii: "{"), head[9] == UInt8(ascii: "\""),
      head[4..<8].allSatisfy({ $0 == 0 })
    {
      self = .foreignModel("a model in the format safetensors")
    } else {
      return nil
    }
  }

  /// A zip file, by the name of the first file in it.
  private static func archive(_ head: [UInt8]) -> FileKind {
    guard head.count > 30 else { return .compressed("zip", unpack: "unzip") }
    let length = Int(head[26]) | Int(head[27]) << 8
    let name = String(decoding: head.dropFirst(30).prefix(length), as: UTF8.self)
    if name.hasSuffix(".npy") { return .foreignModel("a collection of NumPy arrays (.npz)") }
    if name.hasSuffix("data.pkl") || name.hasSuffix("/version") || name.contains(".format_version") {
      return .foreignModel("a model of PyTorch (.pt, .pth)")
    }
    if name == "metadata.json" || name == "config.json" { return .foreignModel("a model of Keras (.keras)") }
    return .compressed("zip", unpack: "unzip")
  }
}

// MARK: By text

extension FileKind {
  /// Text of Caffe's own is told by the fields that it begins with.
  private init?(text bytes: Data) {
    let isText = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (9...13).contains($0) }
    guard isText, !bytes.isEmpty, let text = Self.decoded(bytes) else { return nil }
    let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if start.hasPrefix("<") {
      self = start.contains("<net ") && start.contains("<layer") ? .foreignModel("a model of OpenVINO (.xml)") : .markup
      return
    }
    let fields = Self.fields(of: start)
    let (net, solver) = (Self.fieldNames(of: "NetParameter"), Self.fieldNames(of: "SolverParameter"))
    // A net of a fork may have a field or two of its own; other texts, such as logs, have many other words before a colon.
    let isNetLike = !fields.isDisjoint(with: ["layer", "layers", "input"]) && fields.subtracting(net).count <= 2
    if isNetLike {
      self = .netText
    } else if !fields.isDisjoint(with: solver.subtracting(net)), fields.isSubset(of: solver) {
      self = .solverText
    } else {
      self = .text
    }
  }

  private static func decoded(_ bytes: Data) -> String? {
    // The last character of the beginning of a long text may be cut.
    for cut in 0..<(bytes.count < textSize ? 1 : 4) {
      if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) { return text }
    }
    return nil
  }

  /// The names of the fields outside of all brackets, comments and strings.
  private static func fields(of text: Substring) -> Set<String> {
    var fields: Set<String> = []
    var depth = 0
    for line in text.split(whereSeparator: \.isNewline) {
      var word = ""
      var hasEnded = false
      var quote: Character?
      for character in line {
        if let open = quote {
          if character == open { quote = nil }
          continue
        }
        if character == "#" { break }
        switch character {
        case "\"", "'": quote = character
        case "{", "<", ":":
          if depth == 0, !word.isEmpty { fields.insert(word) }
          word = ""
          if character != ":" { depth += 1 }
        case "}", ">": depth -= 1
        case _ where character.isLetter || character.isNumber || character == "_":
          word = hasEnded ? String(character) : word + String(character)
          hasEnded = false
        case _ where character.isWhitespace: hasEnded = true
        default: word = ""
        }
      }
    }
    return fields
  }

  private static func fieldNames(of message: String) -> Set<String> {
    Set(Schema.caffe.messages[message]?.fields.map(\.name) ?? [])
  }
}

// MARK: By protobuf's wire format

extension FileKind {
  /// Messages have no mark of their own: what they are is told by the numbers and the types of their fields.
  private init?<Bytes: RandomAccessCollection<UInt8>>(wire bytes: Bytes)
  where Bytes.Index == Int, Bytes.SubSequence == Bytes {
    var reader = WireReader(bytes)
    var fields: [Int: WireType] = [:]
    var firstFieldCount = 0
    // A file name is short; what TensorFlow has in its place is not.
    var hasLongName = false
    for _ in 0..<10_000 {
      guard !reader.isAtEnd else { break }
      guard let field = reader.next() else { return nil }
      if field.number == 1 { firstFieldCount += 1 }
      if field.number == 2, field.content.count > 4096 { hasLongName = true }
      if fields.updateValue(field.type, forKey: field.number) ?? field.type != field.type { return nil }
    }
    func has(_ types: [Int: WireType]) -> Bool { types.allSatisfy { fields[$0.key] == $0.value } }
    func hasOnly(_ numbers: Set<Int>) -> Bool { fields.keys.allSatisfy { numbers.contains($0) || $0 > 10_000 } }

    if has([1: .varint, 7: .lengthDelimited]), has([8: .lengthDelimited]) || has([2: .lengthDelimited]) {
      self = .foreignModel("a model in the format ONNX")
    } else if has([1: .varint]), fields[2] == .lengthDelimited || fields[3] == .lengthDelimited, hasOnly([1, 2, 3, 4]) {
      self = hasLongName ? .foreignModel("a model of TensorFlow (saved_model.pb)") : .solverState
    } else if has([1: .varint, 2: .lengthDelimited]), fields.keys.contains(where: { 200...999 ~= $0 }) {
      self = .foreignModel("a model of Core ML (.mlmodel)")
    } else if fields[100] == .lengthDelimited {
      self = .weights
    } else if has([5: .lengthDelimited]) || has([7: .lengthDelimited, 8: .lengthDelimited]),
      fields[1] != .lengthDelimited,
      hasOnly([1, 2, 3, 4, 5, 6, 7, 8, 9])
    {
      self = .blob
    } else if has([1: .varint, 2: .varint, 3: .varint]), fields[4] == .lengthDelimited || fields[6] != nil,
      hasOnly([1, 2, 3, 4, 5, 6, 7])
    {
      self = .datum
    } else if has([1: .lengthDelimited]), firstFieldCount > 1 {
      self = .foreignModel("a graph of TensorFlow (.pb)")
    } else if has([2: .lengthDelimited]), fields[1] ?? .lengthDelimited == .lengthDelimited {
      self = .weights
    } else {
      return nil
    }
  }
}
