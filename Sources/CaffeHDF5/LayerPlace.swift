internal import CaffeCore

/// The place of a layer's blobs in a file of weights: one rule from names to places and back.
///
/// A slash in a name nests groups, as in the original's files: `a/b` lies in group `b` of group `a`. Parts of a name that would
/// mean something else there bear a mark:
///
/// | part of a name                                      | group     |
/// |-----------------------------------------------------|-----------|
/// | nothing, as before and in the middle of `/a//b`     | `%`       |
/// | `.`, which HDF5 skips                               | `%.`      |
/// | digits behind a slash, which would be a blob of `c` in `c/0` | `%0` |
/// | what begins with the mark itself, as `%x`           | `%%x`     |
///
/// The second layer of a name lies in group `%#2` of the first one. An attribute of the group `data` tells files with marks from
/// those of the original.
struct LayerPlace: Hashable {
  let name: String
  /// Which of the layers of this name, counted from 1.
  let occurrence: Int

  /// The attribute of files whose places follow this rule, and its value.
  static let attribute = (name: "layer_names", value: "marked")

  private static let mark = "%"
  private static let occurrenceMark = "%#"

  /// The path below the group `data`, or nil for a name with a zero byte, at which HDF5 would cut it.
  var path: String? {
    guard !name.utf8.contains(0) else { return nil }
    var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    for (index, part) in parts.enumerated() where Self.needsMark(part, isFirst: index == 0) {
      parts[index] = Self.mark + part
    }
    if occurrence > 1 { parts.append("\(Self.occurrenceMark)\(occurrence)") }
    return parts.joined(separator: "/")
  }

  init(name: String, occurrence: Int = 1) {
    self.name = name
    self.occurrence = occurrence
  }

  /// The layer whose blobs lie at a path below the group `data`.
  init(path: String) {
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    var occurrence = 1
    if parts.count > 1, let last = parts.last, last.hasPrefix(Self.occurrenceMark),
      let number = Int(last.dropFirst(Self.occurrenceMark.count)), number > 1
    {
      occurrence = number
      parts.removeLast()
    }
    name = parts.map { $0.hasPrefix(Self.mark) ? String($0.dropFirst(Self.mark.count)) : $0 }.joined(separator: "/")
    self.occurrence = occurrence
  }

  /// The places of a net's layers, in their order.
  static func places(of layers: [LayerNode]) -> [LayerPlace] {
    var counts: [String: Int] = [:]
    return layers.map { node in
      counts[node.name, default: 0] += 1
      return LayerPlace(name: node.name, occurrence: counts[node.name]!)
    }
  }

  /// The path without marks, from the root of the file if it starts with a slash: where the original puts the blobs, which hands
  /// names to HDF5 as they are. Nil if that is the same place.
  var plainPath: String? {
    guard occurrence == 1, let path else { return nil }
    let parts = name.split(separator: "/").filter { $0 != "." }
    let plain = (name.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    return parts.isEmpty || plain == path ? nil : plain
  }

  private static func needsMark(_ part: String, isFirst: Bool) -> Bool {
    part.isEmpty || part == "." || part.hasPrefix(mark) || !isFirst && part.utf8.allSatisfy { 0x30...0x39 ~= $0 }
  }
}
