import Foundation

/// A system call that fails in a run, and how: see Tests/FailingCalls/failing-calls.c.
struct FailingCall: Hashable, CustomStringConvertible {
  /// What it does and to which file, `write run.caffemodel`; none for a power cut when the program has ended.
  var call = ""
  /// Which one of these, from 1 on.
  var number = 1
  /// The name of an error, or `short`, `kill`, `power`.
  var kind: String
  /// Whether all later calls of its kind fail too.
  var lasts = false
  /// Whether a power cut undoes what happened to names that were not brought to the disk.
  var losesNames = false

  var description: String {
    "\(call.isEmpty ? "end" : call) (\(number)) \(kind)\(lasts ? ", for good" : "")\(losesNames ? ", names lost" : "")"
  }

  var environment: [String: String] {
    [
      "FAULT_CALL": call, "FAULT_NUMBER": "\(number)", "FAULT_KIND": kind, "FAULT_LASTS": lasts ? "1" : "0",
      "FAULT_NAMES": losesNames ? "lost" : "kept",
    ]
  }

  /// Whether the process ends by it.
  var kills: Bool { kind == "kill" || kind == "power" && !call.isEmpty }

  /// Whether a program goes on after it as if nothing had been, unless a library that we do not write is at fault.
  var isHarmless: Bool { kind == "short" || kind == "EINTR" }

  /// All errors that a call of a run may meet.
  static func errors(of calls: [(call: String, number: Int)]) -> [FailingCall] {
    calls.flatMap { call, number in
      (errors[String(call.prefix { $0 != " " })] ?? []).flatMap { kind in
        // An interruption that never ends would be a hang of the system's.
        (kind == "EINTR" ? [false] : [false, true]).map {
          FailingCall(call: call, number: number, kind: kind, lasts: $0)
        }
      }
    }
  }

  /// All ends that a run may meet at calls which change something.
  static func ends(at calls: [(call: String, number: Int)]) -> [FailingCall] {
    let atCalls = calls.filter { changing.contains(String($0.call.prefix { $0 != " " })) }.flatMap { call, number in
      [
        FailingCall(call: call, number: number, kind: "kill"),
        FailingCall(call: call, number: number, kind: "power"),
        FailingCall(call: call, number: number, kind: "power", losesNames: true),
      ]
    }
    return atCalls + [FailingCall(kind: "power"), FailingCall(kind: "power", losesNames: true)]
  }

  private static let errors = [
    "open": ["EIO", "ENOSPC", "EINTR", "EMFILE"],
    "read": ["EIO", "EINTR", "short"],
    "pread": ["EIO", "EINTR", "short"],
    "write": ["EIO", "ENOSPC", "EINTR", "short"],
    "pwrite": ["EIO", "ENOSPC", "EINTR", "short"],
    "fsync": ["EIO", "ENOSPC", "EINTR"],
    "fdatasync": ["EIO", "ENOSPC", "EINTR"],
    "ftruncate": ["EIO", "ENOSPC", "EINTR"],
    "rename": ["EIO", "ENOSPC"],
    "mkdir": ["EIO", "ENOSPC"],
    "close": ["EIO", "ENOSPC", "EINTR"],
    "stat": ["EIO"],
    "mmap": ["ENOMEM"],
  ]

  private static let changing: Set = ["write", "pwrite", "fsync", "fdatasync", "ftruncate", "rename", "mkdir", "close"]
}
