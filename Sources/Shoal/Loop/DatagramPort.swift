import ShoalBase
import ShoalLink
import ShoalTransport
import ShoalWire

/// A UDP socket with everything between it and a state machine: batches, the simulated access link, the capture,
/// checksums.
///
/// `receive` hands over what has arrived; `send` fetches what is to leave. Only its loop's thread uses it.
final class DatagramPort {
  /// The address that it is bound to.
  let address: Address
  private let socket: UDPSocket
  private var input: ReceiveBatch
  private var moderation = ReceiveModeration()
  private var output: SendBatch
  private var up: LinkStage
  private var down: LinkStage
  private var capture: CaptureFile?
  /// The local address to record in a capture for each peer, where the socket is bound to all addresses.
  private var routed: [Address: Address] = [:]
  /// The space to reserve for the largest datagram.
  private var reserve: Int
  /// Where a datagram is built that goes through the link first.
  private let scratch = Memory(65_536)
  /// Datagrams that failed their checksum.
  private(set) var corrupt = 0
  /// Whether more datagrams are waiting than are received at once; if so, work that others can do is left to them.
  private(set) var isBusy = false
  /// Whether so many are waiting that some may be lost unless they are handled quickly.
  private(set) var isPressed = false
  /// How many times the socket is read before it is sending's turn, and written to before it is receiving's.
  private static let rounds = 16

  /// Opens a port. The two directions of the link have separate random generators. `batch` is how many datagrams of
  /// different senders are received at once, and `buffer` the most bytes of each.
  init(
    _ socket: UDPSocket, _ link: LinkSpec, linkSeed: UInt64, mtu: Int, _ capture: consuming CaptureFile?,
    at now: Instant, batch: Int = 16, buffer: Int = ReceiveBatch.largestBuffer
  ) {
    self.socket = socket
    self.capture = capture
    address = socket.localAddress
    up = LinkStage(link.makeUpLink(defaultSeed: linkSeed, start: now))
    down = LinkStage(link.makeDownLink(defaultSeed: linkSeed, start: now))
    reserve = min(max(mtu, 1_500), SendBatch.datagramLimit)
    input = ReceiveBatch(for: socket, buffers: batch, of: buffer)
    output = SendBatch(for: socket)
  }

  /// The descriptor to wait for.
  var descriptor: Int32 { socket.descriptor }
  /// The receive buffer that the system granted, in bytes.
  var receiveBuffer: Int { socket.grantedReceiveBuffer }
  /// Whether the socket cannot take any more for the time being.
  var isBlocked: Bool { output.pending }
  /// Whether nothing is waiting to be handed to the system.
  var isEmpty: Bool { output.isEmpty }
  /// When the link next lets something through.
  var deadline: Instant { min(up.deadline, down.deadline) }

  /// Makes room for datagrams of up to this many bytes.
  func allow(mtu: Int) { reserve = max(reserve, min(mtu, SendBatch.datagramLimit)) }

  /// How long to leave the socket unread now; 0 for not at all.
  func pause(_ leastRoundTrip: Nanoseconds?, at now: Instant) -> Nanoseconds {
    moderation.pause(leastRoundTrip, at: now)
  }

  /// The address of this host that a peer sends to, and that it is answered from; nil if there is only one.
  func ownAddress(towards peer: Address) -> Address? {
    address.isUnspecified ? output.sources.towards(peer) : nil
  }
  /// Notes it for a peer that another port has heard from.
  func note(_ own: Address, towards peer: Address) { output.sources.note(own, for: peer) }

  // MARK: Refusals

  /// Datagrams that the system refused to send.
  var refused: Int { Int(output.counters.refused) }
  /// Why the system refused the last of them; nil if it refused none.
  var lastRefusal: String? {
    output.counters.lastRefusal.map { SendRefusal($0.code, towards: $0.address).description }
  }
  /// Why the system does not send to an address; nil if it does.
  func refusal(towards address: Address) -> String? { output.refusals.words(towards: address) }

  // MARK: Receiving

  /// Hands over what has arrived, in rounds, so that sending gets its turn even in a flood.
  func receive<Loop: EventLoop>(for loop: Loop) {
    var rounds = Self.rounds
    while rounds > 0 {
      let count = input.receive(socket)
      guard count > 0 else { break }
      // If there was room for more, nothing else is waiting.
      isBusy = count == input.capacity && rounds < Self.rounds
      isPressed = count == input.capacity && rounds <= Self.rounds / 2
      rounds = count == input.capacity ? rounds - 1 : 0
      let now = SystemClock.now()
      if Loop.readsAhead, count > 1 {
        input.lookAhead { loop.expect($1, from: $0) }
        loop.readAhead()
      }
      while let datagram = input.next() {
        moderation.received(datagram.range.count)
        if address.isUnspecified { output.sources.note(datagram.destination, for: datagram.source) }
        input.memory.read(datagram.range) { bytes in
          if down.isClean {
            open(bytes, from: datagram.source, for: loop, at: now)
          } else {
            down.admit(bytes, datagram.source, at: now)
          }
        }
      }
    }
    guard !down.isClean else { return }
    let now = SystemClock.now()
    while let slot = down.popDue(at: now) {
      let held = down[slot]
      open(held.bytes.span, from: held.peer, for: loop, at: now)
      down.recycle(slot)
    }
  }

  /// One datagram, after the link.
  private func open(_ bytes: Span<UInt8>, from peer: Address, for loop: some EventLoop, at now: Instant) {
    record(bytes, with: peer, outbound: false)
    guard let datagram = Datagram.open(bytes) else {
      corrupt += 1
      return loop.receiveCorrupt(from: peer, at: now)
    }
    loop.receive(datagram, from: peer, at: now)
  }

  // MARK: Sending

  /// Sends what is ready; returns when to continue if there is more, other than when the socket becomes writable.
  func send(from loop: some EventLoop) -> Instant? {
    for _ in 0..<Self.rounds {
      if output.pending || !output.isEmpty {
        switch output.flush(socket) {
        case .done: break
        case .blocked: return nil
        case .exhausted: return SystemClock.now() + .millisecond
        }
      }
      guard fill(from: loop) else { return nil }
    }
    // A peer that keeps us sending must not keep us from receiving.
    return SystemClock.now()
  }

  /// Fills the batch; false if there was nothing to fill it with.
  private func fill(from loop: some EventLoop) -> Bool {
    let now = SystemClock.now()
    var count = 0
    // Nothing is taken out of the link without room for it, so that nothing is lost here that the link did not lose.
    while !up.isClean, output.reserve(SendBatch.datagramLimit) != nil, let slot = up.popDue(at: now) {
      let held = up[slot]
      if let range = output.reserve(held.bytes.count) {
        output.memory.write(range) { $0.copy(held.bytes.span, to: 0) }
        output.commit(held.bytes.count, to: held.peer)
      }
      up.recycle(slot)
      count += 1
    }
    let memory = up.isClean ? output.memory : scratch
    while let range = up.isClean ? output.reserve(reserve) : 0..<scratch.count {
      guard let (transmit, isWhole) = memory.write(range, { write(into: &$0, from: loop, at: now) }) else { break }
      count += 1
      guard isWhole else { continue }
      memory.read(range.lowerBound..<range.lowerBound + transmit.length) { dispatch($0, to: transmit.to, at: now) }
    }
    return count > 0
  }

  /// Writes the next datagram, if there is one; returns whether all of its content was available.
  private func write(
    into room: inout MutableSpan<UInt8>, from loop: some EventLoop, at now: Instant
  ) -> (Transmit, isWhole: Bool)? {
    guard let transmit = loop.nextTransmit(into: &room, at: now) else { return nil }
    var datagram = room._mutatingExtracting(..<transmit.length)
    let isWhole = Datagram.seal(&datagram, written: transmit.headerLength) {
      loop.gather(transmit.payload, ahead: transmit.ahead, into: &$0, &$1)
    }
    return (transmit, isWhole)
  }

  /// A datagram goes into the link, or straight into the batch in which it was built.
  private func dispatch(_ datagram: Span<UInt8>, to peer: Address, at now: Instant) {
    // The first packet to a peer leaves from the address that the route gives now.
    if Header.peek(datagram).packetType == .open { output.sources.forget(peer) }
    record(datagram, with: peer, outbound: true)
    if up.isClean { output.commit(datagram.count, to: peer) } else { up.admit(datagram, peer, at: now) }
  }

  // MARK: The capture

  private func record(_ datagram: Span<UInt8>, with peer: Address, outbound: Bool) {
    guard capture != nil else { return }
    let (own, wall) = (captureAddress(for: peer), SystemClock.stamp())
    capture?.add(datagram, from: outbound ? own : peer, to: outbound ? peer : own, outbound: outbound, wall: wall)
  }

  /// The local address to record in a capture, in the peer's family.
  private func captureAddress(for peer: Address) -> Address {
    guard address.isUnspecified else { return address }
    if let known = output.sources.towards(peer) ?? routed[peer] { return known }
    let own = (LocalAddresses.source(towards: peer) ?? address).with(port: address.port)
    if routed.count < 4_096 { routed[peer] = own }
    return own
  }

  /// Writes what was captured. If that fails, the capture ends and the error is returned; the transfer continues.
  func flushCapture() -> SystemError? {
    capture?.flush()
    guard let failure = capture?.failure else { return nil }
    capture = nil
    return failure
  }
}
