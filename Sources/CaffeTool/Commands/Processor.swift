import FoundationEssentials

/// What the system tells about the processor and its memory.
package struct Processor: Sendable {
  /// Names and values in the order to show them; what the system does not tell is left out.
  package let facts: [(name: String, value: String)]

  /// Asks the system; `description` is the text of `/proc/cpuinfo`, empty where there is none.
  package init(
    description: String = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "",
    processors: Int = ProcessInfo.processInfo.activeProcessorCount,
    memory: UInt64 = ProcessInfo.processInfo.physicalMemory
  ) {
    var entries: [String: String] = [:]
    // The first processor stands for all.
    for line in description.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let key = String(parts[0].trimmed)
      entries[key] = entries[key] ?? String(parts[1].trimmed)
    }
    let features = Set((entries["flags"] ?? entries["Features"] ?? "").split(separator: " ").map(String.init))
    let units = Self.vectorUnits.filter { features.contains($0.feature) }.map(\.name)
    let facts: [(name: String, value: String?)] = [
      ("Name", entries["model name"]),
      ("Number of processors", "\(processors)"),
      ("Vector units", units.isEmpty ? nil : units.joined(separator: ", ")),
      ("Cache size", entries["cache size"]),
      ("Total memory", "\(memory)"),
    ]
    self.facts = facts.compactMap { fact in fact.value.map { (fact.name, $0) } }
  }

  /// The kernel's names of what matters for matrix products, and their usual ones.
  private static let vectorUnits: [(feature: String, name: String)] = [
    ("sse4_2", "SSE4.2"), ("avx", "AVX"), ("avx2", "AVX2"), ("fma", "FMA"), ("avx512f", "AVX-512"),
    ("avx512_vnni", "AVX-512 VNNI"), ("avx512_bf16", "AVX-512 BF16"), ("amx_tile", "AMX"),
    ("asimd", "NEON"), ("sve", "SVE"), ("sve2", "SVE2"),
  ]
}
