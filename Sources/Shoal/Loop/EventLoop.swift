import ShoalBase
import ShoalTransport
import ShoalWire

/// State machines behind a socket, and the thread that owns them. Nothing else accesses them.
protocol EventLoop: AnyObject, SendableMetatype {
  /// What it asks of its socket.
  static var socketOptions: UDPSocket.Options { get }
  /// The socket.
  var port: DatagramPort { get }
  /// How it ends.
  var farewell: Farewell { get set }
  /// When `expire` is to be called next, apart from the deadlines of the port.
  var deadline: Instant { get }
  /// The shortest of the round trips to peers that are sending, if one is known.
  var leastRoundTrip: Nanoseconds? { get }

  /// Whether it is shown the datagrams of a batch before it takes the first of them.
  static var readsAhead: Bool { get }
  /// A datagram that it will be passed soon, unless that is damaged.
  func expect(_ datagram: Span<UInt8>, from peer: Address)
  /// It has been shown all of a batch.
  func readAhead()
  /// Takes an intact datagram.
  func receive(_ datagram: Span<UInt8>, from peer: Address, at now: Instant)
  /// A datagram that failed its checksum came from there.
  func receiveCorrupt(from peer: Address, at now: Instant)
  /// Does what is due.
  func expire(at now: Instant)
  /// Writes the header of the next datagram, or all of it.
  func nextTransmit(into room: inout MutableSpan<UInt8>, at now: Instant) -> Transmit?
  /// Copies the bytes that a datagram is to carry, and continues its checksum over them; false if they are not
  /// available, and the datagram must not be sent. The `ahead` bytes that follow will be sent next.
  func gather(_ payload: Payload, ahead: Int, into room: inout MutableSpan<UInt8>, _ checksum: inout UInt32)
    -> Bool
  /// Called at the end of each turn: handles the results of sending, and writes records.
  func endTurn()
  /// Begins the farewells: closes connections, deregisters.
  func stop(at now: Instant)
  /// Whether all farewells have been sent.
  var isQuiet: Bool { get }
  /// Fails whatever is still waiting for a result.
  func end()
}

/// The end of a loop: farewells are sent for at most two seconds.
struct Farewell {
  private static let most: Nanoseconds = 2 * .second
  private(set) var isBegun = false
  /// When the loop ends at the latest.
  private(set) var deadline = Instant.distantFuture
  private var waiting: [() -> Void] = []

  /// Begins the farewell, and keeps `ended` to be called at the end; false if it had already begun.
  mutating func begin(at now: Instant, _ ended: @escaping () -> Void) -> Bool {
    waiting.append(ended)
    guard !isBegun else { return false }
    (isBegun, deadline) = (true, now + Farewell.most)
    return true
  }

  /// Calls everything that was to be called at the end.
  func tell() { for ended in waiting { ended() } }
}

extension EventLoop {
  static var socketOptions: UDPSocket.Options {
    var options = UDPSocket.Options()
    // A large send buffer would be a local queue that looks like one on the path.
    options.sendBuffer = 2 << 20
    return options
  }
  static var readsAhead: Bool { false }
  func expect(_ datagram: Span<UInt8>, from peer: Address) {}
  func readAhead() {}

  /// Ends the loop once all farewells have been sent; then calls `ended`.
  func close(_ ended: @escaping () -> Void) {
    let now = SystemClock.now()
    if farewell.begin(at: now, ended) { stop(at: now) }
  }

  /// Runs until `close` is called. `resting` is a poll that reports commands of other threads, but not datagrams.
  func run(_ node: Node<Self>, _ poll: consuming EventPoll, resting: consuming EventPoll) {
    var interest: EventPoll.Interest = .readable
    while true {
      port.receive(for: self)
      for command in node.takeCommands() { command(self) }
      // Only after receiving: a packet whose ACK is waiting in the socket must not be declared lost.
      expire(at: SystemClock.now())
      let retry = port.send(from: self)
      endTurn()
      if farewell.isBegun, isQuiet && port.isEmpty || SystemClock.now() >= farewell.deadline { break }
      let wanted: EventPoll.Interest = port.isBlocked && retry == nil ? [.readable, .writable] : .readable
      if wanted != interest, (try? poll.change(port.descriptor, token: LoopToken.socket, wanted)) != nil {
        interest = wanted
      }
      let until = min(deadline, port.deadline, farewell.deadline, retry ?? .distantFuture)
      let now = SystemClock.now()
      let pause = port.pause(leastRoundTrip, at: now)
      if pause > 0, !port.isBlocked {
        if resting.wait(until: min(until, now + pause)) > 0 { node.woken() }
      } else {
        for index in 0..<poll.wait(until: until) where poll[index].token == LoopToken.wake { node.woken() }
      }
    }
    endTurn()
    for command in node.close() { command(self) }
    end()
    farewell.tell()
  }
}

/// The tokens by which a loop's poll tells its descriptors apart.
enum LoopToken {
  static let socket: UInt64 = 0
  static let wake: UInt64 = 1
}
