/// Places the nodes of a directed graph without circles in ranks, so that edges lead forward and cross rarely
/// (Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981).
///
/// Ranks follow one another along one direction; the nodes of a rank lie side by side across it.
struct GraphLayout {
  /// The middle of each node.
  private(set) var along: [Double]
  private(set) var across: [Double]
  /// The way of each edge: the places between its ends where it passes a rank.
  private(set) var bends: [[(along: Double, across: Double)]] = []
  private(set) var length = 0.0
  private(set) var breadth = 0.0

  private static let rankGap = 36.0
  private static let nodeGap = 18.0

  /// - Parameters:
  ///   - lengths: The extent of each node along the ranks.
  ///   - breadths: The extent of each node across.
  ///   - edges: From a node to one with a greater number.
  init(lengths: [Double], breadths: [Double], edges: [(from: Int, to: Int)]) {
    var graph = Ranks(count: lengths.count, edges: edges)
    let ways = graph.splitLongEdges(edges)
    let extents = breadths + Array(repeating: 8, count: graph.rank.count - breadths.count)
    graph.order()
    var places = graph.places(extents, gap: Self.nodeGap)
    let low = zip(places, extents).map { $0 - $1 / 2 }.min() ?? 0
    for index in places.indices { places[index] -= low }
    breadth = zip(places, extents).map { $0 + $1 / 2 }.max() ?? 0

    var middles: [Double] = []
    for rank in graph.rows.indices {
      let extent = graph.rows[rank].filter { $0 < lengths.count }.map { lengths[$0] }.max() ?? 0
      middles.append(length + extent / 2)
      length += extent + Self.rankGap
    }
    length = max(0, length - Self.rankGap)
    along = lengths.indices.map { middles[graph.rank[$0]] }
    across = Array(places[..<lengths.count])
    bends = ways.map { way in way.map { (middles[graph.rank[$0]], places[$0]) } }
  }

  private struct Ranks {
    var rank: [Int]
    var rows: [[Int]] = []
    private var before: [[Int]]
    private var behind: [[Int]]

    init(count: Int, edges: [(from: Int, to: Int)]) {
      rank = Array(repeating: 0, count: count)
      before = Array(repeating: [], count: count)
      behind = before
      for edge in edges.sorted(by: { $0.to < $1.to }) { rank[edge.to] = max(rank[edge.to], rank[edge.from] + 1) }
      // A node that nothing leads to stands right before the first one it leads to.
      for node in 0..<count where !edges.contains(where: { $0.to == node }) {
        rank[node] = (edges.filter { $0.from == node }.map { rank[$0.to] }.min() ?? 1) - 1
      }
    }

    /// Puts a node of no size into each rank that an edge passes, so that all edges lead to the next rank.
    mutating func splitLongEdges(_ edges: [(from: Int, to: Int)]) -> [[Int]] {
      let ways = edges.map { edge in
        var way: [Int] = []
        var last = edge.from
        for passed in rank[edge.from] + 1..<max(rank[edge.from] + 1, rank[edge.to]) {
          rank.append(passed)
          before.append([])
          behind.append([])
          connect(last, rank.count - 1)
          last = rank.count - 1
          way.append(last)
        }
        connect(last, edge.to)
        return way
      }
      rows = Array(repeating: [], count: (rank.max() ?? -1) + 1)
      for (node, rank) in rank.enumerated() { rows[rank].append(node) }
      return ways
    }

    private mutating func connect(_ from: Int, _ to: Int) {
      behind[from].append(to)
      before[to].append(from)
    }

    /// Sorts each rank by the mean place of the neighbours in the rank before, then in the one behind, a few times.
    mutating func order() {
      var place = Array(repeating: 0.0, count: rank.count)
      for row in rows { for (index, node) in row.enumerated() { place[node] = Double(index) } }
      for sweep in 0..<12 {
        let neighbours = sweep % 2 == 0 ? before : behind
        for index in sweep % 2 == 0 ? Array(rows.indices) : rows.indices.reversed() {
          let means = Dictionary(
            uniqueKeysWithValues: rows[index].map { node in
              let around = neighbours[node].map { place[$0] }
              return (node, around.isEmpty ? place[node] : around.reduce(0, +) / Double(around.count))
            })
          rows[index].sort { (means[$0] ?? 0, $0) < (means[$1] ?? 0, $1) }
          for (index, node) in rows[index].enumerated() { place[node] = Double(index) }
        }
      }
    }

    /// Moves the nodes towards the middle of their neighbours, as far as those of their rank leave room.
    func places(_ extents: [Double], gap: Double) -> [Double] {
      var places = Array(repeating: 0.0, count: rank.count)
      for row in rows {
        var start = 0.0
        for node in row {
          places[node] = start + extents[node] / 2
          start += extents[node] + gap
        }
      }
      for sweep in 0..<24 {
        for index in sweep % 2 == 0 ? Array(rows.indices) : rows.indices.reversed() {
          let row = rows[index]
          let wishes = row.map { node in
            let around = (before[node] + behind[node]).map { places[$0] }
            return around.isEmpty ? places[node] : around.reduce(0, +) / Double(around.count)
          }
          let distances = zip(row, row.dropFirst()).map { (extents[$0] + extents[$1]) / 2 + gap }
          // Pushed away from the start and from the end; halfway between, every distance is kept as well.
          var pushed = wishes
          for index in row.indices.dropFirst() {
            pushed[index] = max(pushed[index], pushed[index - 1] + distances[index - 1])
          }
          var pulled = wishes
          for index in row.indices.dropLast().reversed() {
            pulled[index] = min(pulled[index], pulled[index + 1] - distances[index])
          }
          for (index, node) in row.enumerated() { places[node] = (pushed[index] + pulled[index]) / 2 }
        }
      }
      return places
    }
  }
}
