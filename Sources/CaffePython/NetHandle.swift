import Caffe
import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A net and the lock that threads take to work on it.
final class NetHandle: Handled {
  static let noun = "net"

  let net: Net
  let lock: SharedLock
  /// The locks that `hold` has taken and `letGo` has not given back yet, each with the thread that took it.
  private let held = ForkSafe<[(thread: UInt, lock: SharedLock)]>([])
  /// How many layers, from the first on, have seen the shapes of their blobs as they are.
  private var settled: Int
  private var runsBackward = false
  /// How many passes of the net have begun inside of each other: hooks and layers written in Python may run their own net.
  private var depth = 0

  init(_ net: Net, lock: SharedLock = SharedLock()) {
    self.net = net
    self.lock = lock
    settled = net.layers.count
  }

  /// Does something that takes the net for itself: a pass, which takes care of Python's arrays.
  func attempt(_ work: (Net) throws -> Void) -> CText? {
    CaffePython.attempt { try lock.withLock { try work(net) } }
  }

  /// Does something that may read or change any blob.
  func change(_ work: (Net) throws -> Void) -> CText? {
    attempt { net in
      net.acceptWritesThroughViews()
      defer { net.updateViews() }
      try work(net)
    }
  }

  /// How often the calling thread holds the net.
  var holdCount: Int {
    let thread = Self.currentThread
    return held.withLock { $0.count { $0.thread == thread } }
  }

  /// Takes the net for the calling thread, until it lets go.
  func hold() throws {
    let lock = try lock.take()
    let thread = Self.currentThread
    held.withLock { $0.append((thread, lock)) }
  }

  /// Gives the net back until the calling thread holds it only so often: whoever was interrupted may call this once more.
  func letGo(downTo count: Int) {
    let thread = Self.currentThread
    while holdCount > max(count, 0) {
      held.withLock { held in
        held.lastIndex { $0.thread == thread }.map { held.remove(at: $0).lock }
      }?.give()
    }
  }

  private static var currentThread: UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      pthread_self()
    #endif
  }

  // MARK: Passes over some of the layers

  func forward(from first: Int, to last: Int) throws -> Float {
    guard !net.layers.isEmpty || first != 0 || last != -1 else { return 0 }
    try check(first, last)
    let loss = try nested { try net.forward(from: first, to: last) }
    if first <= settled { settled = max(settled, last + 1) }
    return loss
  }

  func backward(from last: Int, to first: Int) throws {
    guard !net.layers.isEmpty || first != 0 || last != -1 else { return }
    try check(first, last)
    guard last < settled else {
      throw NetError(
        "a blob has got another shape since the last forward pass, so there is nothing to compute gradients of",
        remedy: "Run forward first.")
    }
    let outer = runsBackward
    runsBackward = true
    defer { runsBackward = outer }
    try nested { try net.backward(from: last, to: first) }
  }

  /// Does something that may call Python, which may do the same again, but not without end: the stack has one.
  func nested<Result>(_ work: () throws -> Result) throws -> Result {
    guard depth < 16 else {
      throw NetError(
        "the net runs itself without end: a hook, a callback or a layer written in Python calls it each time")
    }
    depth += 1
    defer { depth -= 1 }
    return try work()
  }

  func reshape() throws {
    try refuseInBackward()
    try net.reshape()
    settle()
  }

  /// Notes that all layers have seen the shapes of their blobs.
  func settle() { settled = net.layers.count }

  /// Notes that somebody gives a blob another shape.
  func noteReshape() throws {
    try refuseInBackward()
    settled = 0
  }

  func refuseInBackward() throws {
    guard !runsBackward else { throw NetError("shapes cannot change while gradients are computed") }
  }

  private func check(_ first: Int, _ last: Int) throws {
    let layers = net.layers
    func name(_ index: Int) -> String { layers.indices.contains(index) ? " ('\(layers[index].name)')" : "" }
    for index in [first, last] where !layers.indices.contains(index) {
      throw NetError("there is no layer \(index): the net has \(layers.count), which are counted from 0")
    }
    guard first <= last else {
      throw NetError("layer \(first)\(name(first)) lies behind layer \(last)\(name(last)): no layer is between them")
    }
  }
}

/// A layer of a net, which it keeps alive.
final class LayerHandle: Handled {
  static let noun = "layer"

  let node: LayerNode
  let net: NetHandle

  init(_ node: LayerNode, of net: NetHandle) {
    self.node = node
    self.net = net
  }
}

/// A Python function raised an exception, which Python keeps for its caller.
struct RaisedInPython: Error, CustomStringConvertible {
  var description: String { "a Python function raised an exception" }
}
