extension PrototxtError.Suggestion {
  /// What `name` may mean in the innermost of `messages`.
  ///
  /// - Parameter type: The type of the layer that the innermost message describes, if it is one and names its type.
  init?(for name: String, in messages: [Schema.MessageType], layerType type: String?) {
    guard let innermost = messages.last else { return nil }
    let holders = innermost.fields.filter { field in
      guard case .message(let child) = field.kind else { return false }
      return Schema.caffe.messages[child]?.field(named: name) != nil
    }
    if let type, let holder = holders.first(where: { $0.kind == .message(type + "Parameter") }) {
      self = .belongsTo([holder.name])
    } else if let outer = messages.dropLast().last(where: { $0.field(named: name)?.isMessage == true }) {
      // A message in the wrong place is nearly always one behind a forgotten bracket.
      self = .enclosing(outer.name)
    } else if !holders.isEmpty, holders.count <= 3 {
      self = .belongsTo(holders.map(\.name))
    } else if let outer = messages.dropLast().last(where: { $0.field(named: name) != nil }) {
      self = .enclosing(outer.name)
    } else if let nearest = nearestName(to: name, among: innermost.fields.map(\.name)) {
      self = .nearest(nearest)
    } else {
      return nil
    }
  }
}

/// The candidate that takes the fewest edits to become `name`, unless it takes more than a third of its length; else the
/// only one that has `name` among its words, as `negative_slope` has `slope`.
public func nearestName(to name: String, among candidates: [String]) -> String? {
  guard name.utf8.count < 64 else { return nil }
  let limit = max(1, name.utf8.count / 3)
  let ranked = candidates.map { ($0, editDistance(Array(name.lowercased().utf8), Array($0.lowercased().utf8))) }
  if let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= limit { return best.0 }
  let holders = candidates.filter { "_\($0)_".contains("_\(name)_") }
  return holders.count == 1 ? holders[0] : nil
}

/// How many bytes to insert, remove, replace or swap with their neighbour to turn one name into the other.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var best = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
      row.append(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}

extension Schema.Field {
  fileprivate var isMessage: Bool {
    if case .message = kind { return true }
    return false
  }
}
