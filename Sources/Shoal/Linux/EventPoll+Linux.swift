import CShoal
import Glibc
import ShoalBase

// Safety: `events` has `eventLimit` places, lives until `deinit` and has one owner; the kernel is told that limit. An
// index beyond it is stopped.

/// Waits for descriptors and a deadline (epoll). One thread owns it; other threads reach that thread by `Wake`.
@safe package struct EventPoll: ~Copyable {
  /// What to be told about a descriptor.
  package struct Interest: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let readable = Interest(rawValue: 1)
    package static let writable = Interest(rawValue: 4)
  }

  /// A descriptor that is ready, by the token it was added with.
  package struct Event: Hashable, Sendable {
    package let token: UInt64
    /// A hang-up or an error counts as both: the next call on the descriptor tells which.
    package let isReadable: Bool, isWritable: Bool
  }

  private static let eventLimit = 16
  private let descriptor: Int32
  private let events: UnsafeMutablePointer<epoll_event>
  /// False where the kernel is older than 5.11 or a sandbox forbids the call.
  private var hasNanoseconds = true

  package init() throws(SystemError) {
    descriptor = epoll_create1(Int32(SHOAL_EPOLL_CLOEXEC))
    unsafe events = .allocate(capacity: Self.eventLimit)
    guard descriptor >= 0 else { throw SystemError(errno, .wait, "event loop") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    unsafe events.deallocate()
  }

  /// Watches `descriptor` until it is closed.
  package func add(_ descriptor: Int32, token: UInt64, _ interest: Interest) throws(SystemError) {
    try control(EPOLL_CTL_ADD, descriptor, token, interest)
  }

  /// Changes what is reported about `descriptor`.
  package func change(_ descriptor: Int32, token: UInt64, _ interest: Interest) throws(SystemError) {
    try control(EPOLL_CTL_MOD, descriptor, token, interest)
  }

  private func control(
    _ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ interest: Interest
  ) throws(SystemError) {
    var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
    guard unsafe epoll_ctl(self.descriptor, operation, descriptor, &event) == 0 else {
      throw SystemError(errno, .wait, "event loop")
    }
  }

  /// Sleeps until a descriptor is ready, `deadline` passes or a signal arrives. With `nil` there is no deadline; with
  /// one in the past it only looks. Returns the number of events, to be read by index.
  package mutating func wait(until deadline: Instant?) -> Int {
    var left: Nanoseconds?
    if let deadline, deadline != .distantFuture { left = max(0, deadline - SystemClock.now()) }
    if hasNanoseconds {
      let count = waitNanoseconds(left)
      if count >= 0 { return count }
      guard errno == ENOSYS || errno == EPERM else { return 0 }
      hasNanoseconds = false
    }
    // Rounded up, as a wait that ends early would only have to be repeated.
    let milliseconds = left.map { Int32(clamping: ($0 + .millisecond - 1) / .millisecond) } ?? -1
    return unsafe max(0, Int(epoll_wait(descriptor, events, Int32(Self.eventLimit), milliseconds)))
  }

  private func waitNanoseconds(_ left: Nanoseconds?) -> Int {
    guard let left else { return unsafe Int(shoal_epoll_pwait2(descriptor, events, Int32(Self.eventLimit), nil)) }
    var timeout = timespec(tv_sec: Int(left / .second), tv_nsec: Int(left % .second))
    return unsafe Int(shoal_epoll_pwait2(descriptor, events, Int32(Self.eventLimit), &timeout))
  }

  /// Event `index` of the last wait.
  package subscript(index: Int) -> Event {
    precondition(index >= 0 && index < Self.eventLimit)
    let event = unsafe events[index]
    let failed = unsafe event.events & 0x18 != 0
    return unsafe Event(
      token: event.data.u64, isReadable: failed || event.events & Interest.readable.rawValue != 0,
      isWritable: failed || event.events & Interest.writable.rawValue != 0)
  }
}
