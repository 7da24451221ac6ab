/// Brings a net of any age to the newest format, one step a file, oldest first.
///
/// Every step is a no-op on nets that do not need it.
struct NetUpgrade {
  var net: NetParameter
  /// Where each layer starts, in `layer` or, before the V1 step, in `layers`; nil if unknown.
  var locations: [SourceLocation?]
  let file: String?
  private(set) var notices: [UpgradeNotice] = []

  init(_ net: NetParameter, locations: [SourceLocation?], file: String?) {
    self.net = net
    self.locations = locations
    self.file = file
  }

  mutating func run() throws(UpgradeError) {
    guard net.layer.isEmpty || net.layers.isEmpty else {
      let second = net.layer.count < locations.count ? locations[net.layer.count] : nil
      throw UpgradeError(file: file, location: second, problem: .mixedFormats)
    }
    try upgradeV0()
    moveTransformations()
    upgradeV1()
    try upgradeInputs()
    freezeBatchNorm()
  }

  mutating func note(_ severity: UpgradeNotice.Severity, _ text: String) {
    notices.append(UpgradeNotice(severity, text))
  }

  /// The file, or a word for a net that came from none.
  var source: String { file ?? "net" }

  func failure(_ problem: UpgradeError.Problem, layer index: Int) -> UpgradeError {
    UpgradeError(file: file, location: locations[index], problem: problem)
  }
}
