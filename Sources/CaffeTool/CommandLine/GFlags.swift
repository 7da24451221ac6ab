import CaffeLog
import CaffeProto
import FoundationEssentials

/// A command line in the conventions of gflags, taken apart into words and flags.
///
/// | written                                           | means                                          |
/// |---------------------------------------------------|------------------------------------------------|
/// | `-name value`, `--name value`, `-name=value`      | a flag with a value, which may begin with `-`  |
/// | `-name`, `-noname`, `-name=false`                 | a boolean flag                                 |
/// | `-flagfile F`                                     | the flags in that file, one a line, `#` comments |
/// | `-fromenv a,b`, `-tryfromenv a,b`                 | the values of `FLAGS_a` and `FLAGS_b`          |
/// | `--`                                              | only words from here on                        |
///
/// Words and flags may come in any order: `caffe -gpu 0 train` is `caffe train -gpu 0`.
package struct GFlags {
  /// A flag as it was written; `value` is `nil` where the line ended before it.
  package struct Flag: Hashable, Sendable {
    package var name: String
    package var value: String?
  }

  /// What stands beside the flags: the command and its operands.
  package private(set) var words: [String] = []
  /// All flags in order; a boolean has the value `true` or `false`.
  package private(set) var flags: [Flag] = []
  /// Whether flags came through a pipe, which nobody can read again.
  package private(set) var hasReadStream = false
  private let booleans: Set<String>
  private let environment: [String: String]

  /// Takes a command line apart, without the program's name; `booleans` names the flags that take no value.
  package init(
    _ arguments: [String], booleans: Set<String>, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ToolError) {
    self.booleans = booleans.union(Self.helpFlags).union(["version"])
    self.environment = environment
    try read(arguments, depth: 0)
  }

  /// The flags in the form that ArgumentParser reads: `--name=value`, `--name`, `--no-name`.
  package var arguments: [String] {
    flags.flatMap { flag -> [String] in
      if Self.helpFlags.contains(flag.name) { return flag.value == "true" ? ["--help"] : [] }
      let name = "--" + flag.name
      if booleans.contains(flag.name) {
        // ArgumentParser joins with the sign that the name has.
        let joint = flag.name.contains("_") ? "_" : "-"
        return [flag.value == "false" ? "--no\(joint)\(flag.name)" : name]
      }
      // ArgumentParser takes nothing behind "=" for a missing value, but an empty argument for an empty one.
      return switch flag.value {
      case nil: [name]
      case "": [name, ""]
      case let value?: [name + "=" + value]
      }
    }
  }

  /// Removes the flags with these names, and says which there were.
  package mutating func remove(_ names: Set<String>) -> [String] {
    let removed = flags.map(\.name).filter(names.contains)
    flags.removeAll { names.contains($0.name) }
    return removed
  }

  private static let helpFlags: Set<String> = ["h", "help", "helpshort", "helpfull"]

  private mutating func read(_ arguments: [String], depth: Int) throws(ToolError) {
    guard depth < 8 else { throw ToolError("-flagfile or -fromenv: the flags name each other in a circle.") }
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        return
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        words.append(argument)
        continue
      }
      let body = argument.dropFirst(argument.hasPrefix("--") ? 2 : 1)
      let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let attached = parts.count == 2 ? parts[1] : nil
      if try readBoolean(parts[0], attached) { continue }
      let value = attached ?? rest.popFirst()
      switch (parts[0], value) {
      case ("flagfile", let path?): try readFile(path, depth: depth)
      case ("fromenv", let names?): try readEnvironment(names, required: true, depth: depth)
      case ("tryfromenv", let names?): try readEnvironment(names, required: false, depth: depth)
      default: flags.append(Flag(name: parts[0], value: value))
      }
    }
  }

  /// Takes the flag if it is a boolean, also in its negative form.
  private mutating func readBoolean(_ name: String, _ attached: String?) throws(ToolError) -> Bool {
    if booleans.contains(name) {
      guard let truth = truthValue(attached ?? "true") else {
        throw ToolError("Illegal value '\(attached ?? "")' for the boolean flag -\(name): write true or false.")
      }
      flags.append(Flag(name: name, value: String(truth)))
      return true
    }
    for prefix in ["no-", "no"] where name.hasPrefix(prefix) && attached == nil {
      let positive = String(name.dropFirst(prefix.count))
      guard booleans.contains(positive) else { continue }
      flags.append(Flag(name: positive, value: "false"))
      return true
    }
    return false
  }

  private mutating func readFile(_ path: String, depth: Int) throws(ToolError) {
    let file: TextFile
    hasReadStream = hasReadStream || isStream(path)
    do { file = try TextFile(path) } catch { throw ToolError("\(path): cannot read this flag file: \(error)") }
    for line in file.lines {
      let flag = line.text[...]
      if flag.isEmpty || flag.hasPrefix("#") { continue }
      guard flag.hasPrefix("-") else {
        throw ToolError("\(path):\(line.number): expected a flag such as -name=value, found \"\(flag)\".")
      }
      // "-name value" in two pieces; a "=" before the blank keeps the line whole, so that values may have blanks.
      let cut = flag.firstIndex { $0 == "=" || $0.isWhitespace }
      if let cut, flag[cut] != "=" {
        try read([String(flag[..<cut]), String(flag[cut...].trimmed)], depth: depth + 1)
      } else {
        try read([String(flag)], depth: depth + 1)
      }
    }
  }

  private mutating func readEnvironment(_ names: String, required: Bool, depth: Int) throws(ToolError) {
    for name in names.split(separator: ",").map(String.init) {
      if let value = environment["FLAGS_" + name] {
        try read(["--\(name)=\(value)"], depth: depth + 1)
      } else if required {
        throw ToolError("-fromenv: FLAGS_\(name) is not set in the environment.")
      }
    }
  }
}

extension Substring {
  /// The text without blanks at either end.
  var trimmed: Substring {
    let end = lastIndex { !$0.isWhitespace }.map(index(after:)) ?? startIndex
    return self[..<end].drop(while: \.isWhitespace)
  }
}
