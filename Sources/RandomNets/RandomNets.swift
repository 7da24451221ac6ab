import CaffeTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tries the random nets of the seeds `first ..< last` and prints each that breaks a promise. `Scripts/random-nets` calls this.
@main enum RandomNets {
  static func main() {
    let numbers = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
    guard numbers.count == 2, numbers[0] < numbers[1] else {
      print("usage: random-nets FIRST_SEED LAST_SEED [PROMISE …]")
      exit(2)
    }
    if CommandLine.arguments.contains("show") { print(RandomNet(seed: numbers[0]).text) }
    let promises = CommandLine.arguments.dropFirst().compactMap(RandomNetCheck.Promise.init)
    let check = promises.isEmpty ? RandomNetCheck() : RandomNetCheck(promises)
    var (refused, failed) = (0, 0)
    for seed in numbers[0]..<numbers[1] {
      // If the process dies, the last line says where.
      print("seed \(seed)")
      fflush(nil)
      let net = RandomNet(seed: seed)
      if check.isRefused(net) {
        refused += 1
        continue
      }
      do { try check.check(net) } catch {
        failed += 1
        print("FAILED \(error)")
      }
    }
    print("\(numbers[1] - numbers[0]) seeds: \(refused) refused, \(failed) failed")
    exit(failed == 0 ? 0 : 1)
  }
}
