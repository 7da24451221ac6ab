/// BatchNorm layers with three `param`: their statistics are no weights, so all rates and decays become 0.
extension NetUpgrade {
  mutating func freezeBatchNorm() {
    var isChanged = false
    for index in net.layer.indices where net.layer[index].type == "BatchNorm" && net.layer[index].param.count == 3 {
      for position in net.layer[index].param.indices {
        let old = net.layer[index].param[position]
        net.layer[index].param[position].lrMult = 0
        net.layer[index].param[position].decayMult = 0
        isChanged = isChanged || old != net.layer[index].param[position]
      }
    }
    if isChanged { note(.info, "Upgraded \(source): statistics of BatchNorm layers have lr_mult 0 and decay_mult 0.") }
  }
}
