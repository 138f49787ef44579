import Glibc
import Shoal
import ShoalBase
import ShoalWire
import Testing

@Suite struct EventPollTests {
  static let soon = Nanoseconds(10) * .second

  /// Waits, and expects so many events.
  static func wait(_ poll: inout EventPoll, until deadline: Instant?, events: Int) {
    let count = poll.wait(until: deadline)
    #expect(count == events)
  }

  @Test func anotherThreadWakes() throws {
    let wake = try Wake()
    var poll = try EventPoll()
    try poll.add(wake.descriptor, token: 42, .readable)
    for _ in 0..<100 {
      let thread = onThread { wake.wake() }
      Self.wait(&poll, until: SystemClock.now() + Self.soon, events: 1)
      let event = poll[0]
      #expect(event.token == 42 && event.isReadable && !event.isWritable)
      pthread_join(thread, nil)
      wake.clear()
    }
    // Wakes before the wait count, as one; once cleared there are none.
    wake.wake()
    wake.wake()
    Self.wait(&poll, until: nil, events: 1)
    wake.clear()
    Self.wait(&poll, until: .zero, events: 0)
    wake.clear()
  }

  @Test func aDeadlineEndsTheWait() throws {
    var poll = try EventPoll()
    Self.wait(&poll, until: .zero, events: 0)
    let deadline = SystemClock.now() + .millisecond
    Self.wait(&poll, until: deadline, events: 0)
    #expect(SystemClock.now() >= deadline)
  }

  @Test func interestDecides() throws {
    let loopback = Address(ipv4: 0x7f00_0001, port: 0)
    let socket = try UDPSocket.bind(to: loopback)
    var poll = try EventPoll()
    try poll.add(socket.descriptor, token: .max, .readable)
    Self.wait(&poll, until: .zero, events: 0)
    try poll.change(socket.descriptor, token: 8, [.readable, .writable])
    Self.wait(&poll, until: nil, events: 1)
    let writable = poll[0]
    #expect(writable.token == 8 && !writable.isReadable && writable.isWritable)

    var batch = SendBatch(for: socket)
    _ = batch.reserve(1)
    batch.commit(1, to: socket.localAddress)
    _ = batch.flush(socket)
    Self.wait(&poll, until: nil, events: 1)
    let both = poll[0]
    #expect(both.token == 8 && both.isReadable && both.isWritable)
  }

  @Test func clocksAndRandomNumbersMove() {
    let start = SystemClock.now()
    #expect(SystemClock.now() >= start && start > .zero)
    // 2020, at least.
    #expect(SystemClock.wall() > 1_577_836_800 * .second)
    #expect(SystemRandom.bytes().count == 32)
    #expect(SystemRandom.bytes() != SystemRandom.bytes())
    #expect(SystemRandom.bytes(0).isEmpty)
    #expect(SystemRandom.bytes(100_000).contains { $0 != 0 })
  }
}
