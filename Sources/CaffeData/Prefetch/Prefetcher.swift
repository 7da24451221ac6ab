internal import CaffeProto

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Fills a fixed set of items, such as batches, on a background thread, ahead of the one who uses them.
///
///     let prefetcher = Prefetcher([Batch(), Batch()]) { batch in try batch.fill() }
///     let batch = try prefetcher.next()
///     …
///     prefetcher.recycle(batch)
///
/// Items come in the order in which they were filled. The thread sleeps while every item is filled or in use, and ends
/// with the prefetcher. When filling fails, the error comes in its turn, and again whenever another item is asked for.
public final class Prefetcher<Item: Sendable> {
  private let free: BlockingQueue<Item>
  private let filled: BlockingQueue<Result<Item, any Error>>
  private let thread: BackgroundThread
  private var failure: (any Error)?
  private let forks = Fork.count

  /// Starts filling `items` in turn.
  public init(_ items: [Item], fill: sending @escaping (Item) throws -> Void) {
    let free = BlockingQueue<Item>(capacity: items.count)
    let filled = BlockingQueue<Result<Item, any Error>>(capacity: items.count)
    for item in items { free.push(item) }
    thread = BackgroundThread {
      while let item = free.pop() {
        let result = Result { () throws in
          try fill(item)
          return item
        }
        guard filled.push(result), case .success = result else { break }
      }
    }
    self.free = free
    self.filled = filled
  }

  deinit {
    guard !isOrphan else {
      // Locks that the thread held when the process forked are never given back: the queues stay as they are.
      _ = Unmanaged.passRetained(free)
      _ = Unmanaged.passRetained(filled)
      return
    }
    free.close()
    filled.close()
    thread.join()
  }

  /// Whether the process has forked, so that the thread is in another one.
  var isOrphan: Bool { forks != Fork.count }

  /// The item that was filled first; sleeps until there is one.
  public func next() throws -> Item {
    if let failure { throw failure }
    guard let result = filled.pop() else { preconditionFailure("the queue is open as long as the prefetcher lives") }
    if case .failure(let error) = result { failure = error }
    return try result.get()
  }

  /// Gives an item back to be filled anew.
  public func recycle(_ item: Item) { free.push(item) }

  /// Whether `next()` would have to wait.
  public var isStarved: Bool { failure == nil && filled.count == 0 }
}

/// A thread of its own for work that blocks.
struct BackgroundThread {
  private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }

  private let thread: pthread_t

  init(_ run: sending @escaping () -> Void) {
    let work = Unmanaged.passRetained(Work(run))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = pthread_create(
      &thread, nil,
      { argument in
        let opaque: UnsafeMutableRawPointer? = argument
        if let opaque { Unmanaged<Work>.fromOpaque(opaque).takeRetainedValue().run() }
        return nil
      }, work.toOpaque())
    precondition(code == 0, "the system gives no further thread (error \(code))")
    #if canImport(Darwin)
      self.thread = thread!
    #else
      self.thread = thread
    #endif
  }

  /// Waits until the work is done.
  func join() { pthread_join(thread, nil) }
}
