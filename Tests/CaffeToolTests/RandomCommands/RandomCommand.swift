import Caffe
import Foundation

/// A command line drawn from a seed, and what surrounds it, as a script for bash.
///
/// It begins as an example that makes sense. Then up to four things change: values, order, spelling, files, variables, standard
/// streams, the working folder.
struct RandomCommand {
  /// Lines that damage files before the command runs; often none.
  private(set) var preparation: [String] = []
  /// The arguments as bash reads them.
  private(set) var words: [String] = []
  /// What they are in the end.
  var script: String {
    let name = program.map { ["-a", Self.quoted($0)] } ?? []
    return (surroundings + [(["exec"] + name + ["\"$caffe\""] + words + redirections).joined(separator: " ")])
      .joined(separator: "\n")
  }

  /// Whether nothing can be seen of what the command says.
  var isMute: Bool { redirections.contains { $0.contains("2>") } }
  /// Whether the reader of a pipe is gone, which ends a process by a signal as everywhere.
  var writesToNobody: Bool { redirections.contains { $0.contains(">(:)") } }
  var asksForHelp: Bool { words.contains { $0.contains("-h") || $0 == "help" || $0.hasSuffix("version") } }
  var hasNonsense: Bool { words.contains { $0.contains(Self.nonsense) } }

  /// A word that means nothing: where a command succeeds all the same, it has said something about it or used it as a name.
  static let nonsense = "n0nsense"

  private var command: String
  private var program: String?
  private var surroundings: [String] = []
  private var redirections: [String] = []
  private var items: [Item] = []
  private let declaration: Declaration
  private let declarations: [Declaration]
  private let files: [String]
  private var random: Random

  /// A piece of a command line; texts are as bash reads them.
  private enum Item {
    case operand(String)
    case flag(String, String?)
  }

  /// - Parameter files: All files in the working folder.
  init(seed: UInt64, declarations: [String: Declaration], files: [String]) {
    random = Random(seed: seed)
    let example = Example.all.randomElement(using: &random)!
    command = example.command
    declaration = declarations[command]!
    self.declarations = declarations.sorted { $0.key < $1.key }.map(\.value)
    self.files = files
    let options = Set(declaration.flags.filter { $0.kind == "option" }.map(\.name))
    var rest = example.arguments[...]
    while let word = rest.popFirst() {
      if word.hasPrefix("-") {
        let name = String(word.dropFirst())
        items.append(.flag(name, options.contains(name) ? rest.popFirst().map(Self.quoted) : nil))
      } else {
        items.append(.operand(Self.quoted(word)))
      }
    }
    for _ in 0..<Int.random(in: 0...4, using: &random) { change() }
    spell()
  }

  private mutating func spell() {
    for item in items {
      switch item {
      case .operand(let text): words.append(text)
      case .flag(let name, let value):
        let flag = (Bool.random(using: &random) ? "-" : "--") + name
        guard let value else {
          words.append(flag)
          continue
        }
        words += Bool.random(using: &random) ? ["\(flag)=\(value)"] : [flag, value]
      }
    }
    if program == nil {
      words.insert(command, at: happens(1, of: 10) ? Int.random(in: 0...words.count, using: &random) : 0)
    }
    if happens(1, of: 60) { words.insert("--", at: Int.random(in: 0...words.count, using: &random)) }
  }

  private mutating func happens(_ part: Int, of whole: Int) -> Bool { Int.random(in: 0..<whole, using: &random) < part }

  // MARK: Changes

  private mutating func change() {
    let place = items.indices.randomElement(using: &random)
    switch (Int.random(in: 0..<25, using: &random), place) {
    case (0..<7, let place?):
      switch items[place] {
      case .operand: items[place] = .operand(value())
      case .flag(let name, let old): items[place] = .flag(name, old == nil && happens(3, of: 4) ? nil : value())
      }
    case (7, let place?): items.remove(at: place)
    case (8, _): items.shuffle(using: &random)
    case (9, let place?):
      items.append(items[place])
      if case .flag(let name, .some) = items[place] { items[items.count - 1] = .flag(name, value()) }
    case (10..<15, _): insertFlag()
    case (15, _): items.insert(.operand(value()), at: Int.random(in: 0...items.count, using: &random))
    case (16, _): surroundings.append("export \(Self.variables.pick(&random))=\(Self.settings.pick(&random))")
    case (17, _): redirections.append(Self.streams.pick(&random))
    case (18, _): surroundings.append(Self.places.pick(&random))
    case (19, _): program = command + ["", ".bin", ".py", ".sh"].pick(&random)
    default: preparation.append(damage())
    }
  }

  /// A flag of this command or, at times, of another one; some are misspelled.
  private mutating func insertFlag() {
    let place = Int.random(in: 0...items.count, using: &random)
    guard !happens(1, of: 12) else {
      items.insert(.flag(Self.oddFlags.pick(&random), happens(1, of: 2) ? nil : value()), at: place)
      return
    }
    let owner = happens(1, of: 6) ? declarations.pick(&random) : declaration
    let flag = owner.flags.pick(&random)
    var name = flag.name
    if happens(1, of: 12) { name = "no" + name }
    if happens(1, of: 20) { name.removeLast() }
    let usual = flag.allValues ?? flag.defaultValue.map { [$0] } ?? []
    let isAlone = flag.kind == "flag" ? happens(5, of: 6) : happens(1, of: 10)
    let isUsual = !usual.isEmpty && happens(1, of: 3)
    items.insert(.flag(name, isAlone ? nil : isUsual ? Self.quoted(usual.pick(&random)) : value()), at: place)
  }

  /// Any value: a number, a text, the name of an output, a file.
  private mutating func value() -> String {
    let file = files.pick(&random)
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<3: return Self.numbers.pick(&random)
    case 3: return Self.nonsense
    case 4, 5: return Self.texts.pick(&random)
    case 6: return ["out", "out.png", "out.svg", "out.json", "none/out", "net.prototxt/out"].pick(&random)
    case 7:
      return ["<(cat \(file))", "<(head -c 50 \(file))", "<(:)", "/dev/null", "/dev/stdin", "/dev/zero", "/dev/stdout"]
        .pick(&random)
    case 8: return "\(file),\(files.pick(&random))"
    case 9: return ["\(file)/", "./\(file)", "\"$PWD\"/\(file)", "../files/\(file)", "\(file)//."].pick(&random)
    default: return file
    }
  }

  /// A line that damages a file; a database is damaged in its largest one.
  private mutating func damage() -> String {
    let (file, size) = (files.pick(&random), Int.random(in: 0..<600, using: &random))
    let inner = "f=$(find \(file) -type f -printf '%s %p\\n' | sort -n | tail -n 1 | cut -d' ' -f2-)"
    return [
      "\(inner); head -c \(size) \"$f\" > t; mv t \"$f\"",
      "\(inner); printf '\\377\\0\\1' | dd of=\"$f\" bs=1 seek=\(size) conv=notrunc status=none",
      "\(inner); gzip -c \"$f\" > t; mv t \"$f\"",
      "\(inner); cat \"$f\" \"$f\" > t; mv t \"$f\"",
      "\(inner); echo \(Self.nonsense) >> \"$f\"",
      "rm -r \(file)",
      "rm -r \(file); mkdir \(file)",
      "rm -r \(file); ln -s ${PWD}/\(file) \(file)",
      "rm -r \(file); ln -s /dev/null \(file)",
      "rm -r \(file); truncate -s 50M \(file)",
      "rm -r \(file); cp -r \(files.pick(&random)) \(file)",
      "chmod 000 \(file)",
    ].pick(&random)
  }

  private static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./,=".contains($0)) }
    return isPlain ? text : "'" + text.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
  }

  // MARK: What there is to choose from

  /// Large numbers are too large for each flag: counts of repetitions, too, or runs would take hours as they were told.
  private static let numbers = [
    "0", "1", "-1", "2", "3", "-3", "300", "65537", "4294967296", "2147483648", "-2147483649", "9223372036854775807",
    "-9223372036854775808", "99999999999999999999", "1e3", "0x10", "1.5", "nan", "inf", "' 1'", "'1 '", "+1", "007",
    "1_0", "٣",
  ]

  private static let texts = [
    "''", "' '", ",", ",,", "a,,b", "-", "--", "-x", "'%s%n'", "$'\\xff\\xfe'", "$'a\\nb'", "é", "true", "false", "ALL",
    "TRAIN", "test", "LMDB", "leveldb", "hdf5", "sqlite", "GPU", "LR", "png", "gif", "all", "0,1",
    "$(printf 'x%.0s' {1..5000})", "'DEVICE_ID=x'", "'a=b'", "ip", "ip,ip", "data,label,loss", ".", "..",
  ]

  private static let oddFlags = ["flagfile", "fromenv", "tryfromenv", "", "=", "-", "help", nonsense, "no", "é"]

  private static let variables = [
    "GLOG_minloglevel", "GLOG_stderrthreshold", "GLOG_logtostderr", "GLOG_alsologtostderr", "GLOG_log_dir", "GLOG_v",
    "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "CAFFE_WINOGRAD", "CAFFE_PANELS", "FLAGS_iterations", "USER", "HOME",
    "TMPDIR",
    "LANG", "TERM", "PATH", "HDF5_USE_FILE_LOCKING",
  ]

  private static let settings = [
    "", "0", "2", "-1", "99999999999999999999", nonsense, "/nowhere", "empty", "true", "$'\\xff'",
  ]

  private static let streams = [
    "<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "<.", "</dev/zero", "> >(:)", "2> >(:)",
  ]

  private static let places = [
    "cd nothing", "mkdir gone; cd gone; rmdir ../gone", "ulimit -n 12", "ulimit -f 2", "ulimit -s 256", "umask 777",
    "cd classes/cat",
  ]
}

extension Array {
  /// Any of the elements, of which there must be some.
  fileprivate func pick(_ random: inout Random) -> Element { self[Int.random(in: indices, using: &random)] }
}
