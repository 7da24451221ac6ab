#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A first-in, first-out queue between threads: whoever finds it full or empty sleeps.
public final class BlockingQueue<Element: Sendable>: @unchecked Sendable {
  // Safe to share: everything below is only touched with the mutex held.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let capacity: Int
  private var elements: [Element] = []
  private var isClosed = false

  /// A queue that holds up to `capacity` elements.
  public init(capacity: Int) {
    precondition(capacity > 0, "a queue has room for one element at least")
    self.capacity = capacity
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// Adds an element when there is room; false, without adding it, once the queue is closed.
  @discardableResult
  public func push(_ element: Element) -> Bool {
    locked {
      while elements.count == capacity, !isClosed { pthread_cond_wait(changed, mutex) }
      guard !isClosed else { return false }
      elements.append(element)
      pthread_cond_broadcast(changed)
      return true
    }
  }

  /// Takes the oldest element when there is one; nil once the queue is closed and empty.
  public func pop() -> Element? {
    locked {
      while elements.isEmpty, !isClosed { pthread_cond_wait(changed, mutex) }
      guard !elements.isEmpty else { return nil }
      pthread_cond_broadcast(changed)
      return elements.removeFirst()
    }
  }

  /// Wakes everybody who waits; nothing can be added from now on.
  public func close() {
    locked {
      isClosed = true
      pthread_cond_broadcast(changed)
    }
  }

  /// How many elements wait.
  public var count: Int { locked { elements.count } }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}
