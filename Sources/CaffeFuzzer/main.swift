// Runs one reader on bytes that libFuzzer makes up, or on damaged copies of sound files: see Scripts/fuzz.

import CFuzzer
import CaffeCore
import CaffeFuzzing
import Foundation
import Synchronization

let usage = """
  usage: CaffeFuzzer targets                            name all targets
         CaffeFuzzer words                              write a dictionary for libFuzzer
         CaffeFuzzer seeds <target> <fixtures> <folder> write sound input as files of their own
         CaffeFuzzer pack <target> <folder> <file>      put the smallest files of a corpus into one
         CaffeFuzzer unpack <file> <folder>             and take them out
         CaffeFuzzer damage <target> <count> <fixtures> <file> read so many damaged files, each of which is in the file meanwhile
         CaffeFuzzer run <target> …                     run libFuzzer with its arguments
  """

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(1)
}

func target(_ name: String) -> FuzzTarget {
  guard let target = FuzzTarget.named(name) else { fail("there is no target \(name)") }
  return target
}

/// Has bytes read; a fault ends the process, as libFuzzer wants it.
func read(_ bytes: [UInt8], by target: FuzzTarget) {
  do { try target.run(bytes) } catch { fatalError("finding: \(error)") }
}

func writeFiles(_ contents: [[UInt8]], to folder: String) throws {
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  for (index, content) in contents.enumerated() {
    let digits = String(index)
    let name = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    try Data(content).write(to: URL(filePath: "\(folder)/\(name)"))
  }
}

/// Puts the files of a folder into one: the smallest that is read, and then the smallest of all, as long as that does not make it
/// larger than the repository should bear for one target.
func pack(_ target: FuzzTarget, _ folder: String, into file: String) throws {
  let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  var contents = try names.map { [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\($0)"))) }
  contents.sort { $0.count < $1.count }
  if let sound = try contents.firstIndex(where: { try target.run($0) == nil }) {
    contents.insert(contents.remove(at: sound), at: 0)
  }
  var bundle = FileBundle()
  var left = 1 << 17
  for content in contents where content.count <= left {
    bundle.files.append(("", content))
    left -= content.count
  }
  try Data(bundle.bytes).write(to: URL(filePath: file))
}

func damage(_ target: FuzzTarget, count: Int, fixtures: String, current: String) throws {
  let seeds = try target.seeds(under: fixtures)
  let words = FuzzTarget.words.map { Array($0.utf8) }
  var refused = 0
  var longest = Duration.zero
  for index in 0..<count {
    var mutation = Mutation(Random(seed: 15, stream: UInt64(index)), words: words)
    let bytes = mutation.damaged(seeds[index % seeds.count], with: seeds[(index / seeds.count) % seeds.count])
    try Data(bytes).write(to: URL(filePath: current))
    // A reader that hangs is ended by the signal.
    alarm(100)
    let time = ContinuousClock().measure {
      do { if try target.run(bytes) != nil { refused += 1 } } catch { fatalError("finding: \(error)") }
    }
    longest = max(longest, time)
  }
  alarm(0)
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  print(
    "\(target.name): \(count) damaged files, \(refused) refused, \(count - refused) read;",
    "at most \(longest) for one and \(usage.ru_maxrss / 1024) MB")
}

/// The target of libFuzzer, which calls a function without a context.
let chosen = Mutex<FuzzTarget?>(nil)

let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("targets", 1):
  for target in FuzzTarget.all { print(target.name) }
case ("words", 1):
  for word in FuzzTarget.words { print("\"\(word.replacingOccurrences(of: "\"", with: "\\\""))\"") }
case ("seeds", 4):
  try writeFiles(target(arguments[1]).seeds(under: arguments[2]), to: arguments[3])
case ("pack", 4):
  try pack(target(arguments[1]), arguments[2], into: arguments[3])
case ("unpack", 3):
  let bundle = FileBundle([UInt8](try Data(contentsOf: URL(filePath: arguments[1]))))
  try writeFiles(bundle.files.map(\.content), to: arguments[2])
case ("damage", 5):
  guard let count = Int(arguments[2]) else { fail(usage) }
  try damage(target(arguments[1]), count: count, fixtures: arguments[3], current: arguments[4])
case ("run", 2...):
  let target = target(arguments[1])
  chosen.withLock { $0 = target }
  // libFuzzer starts itself again for some tasks: by a shell, with its own arguments behind what it takes for the program.
  let program = "\(CommandLine.arguments[0]) run \(target.name)"
  var pointers = ([program] + arguments.dropFirst(2)).map { strdup($0) } + [nil]
  var count = CInt(pointers.count - 1)
  exit(
    pointers.withUnsafeMutableBufferPointer { pointers in
      var start = pointers.baseAddress
      return LLVMFuzzerRunDriver(&count, &start) { bytes, count in
        if let target = chosen.withLock({ $0 }) {
          read([UInt8](UnsafeBufferPointer(start: bytes, count: count)), by: target)
        }
        return 0
      }
    })
default: fail(usage)
}
