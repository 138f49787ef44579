import ShoalBase
import ShoalContent
import ShoalLink
import ShoalTransport
import ShoalWire

/// Endpoints that send each other files over a network, in virtual time, everything that arrives being checked.
///
/// It does the part of the host: it makes the bytes of files, seals and opens datagrams, drains and waits. What
/// must never happen is noted in `violations`: a wrong byte, a byte or message that is handed on twice, a window
/// overrun, a host that never falls silent.
package final class TransportWorld {
  /// What lies between the hosts, and the clock.
  package var network: Network
  /// The hosts, in the order in which they were added.
  package private(set) var hosts: [TransportWorldHost] = []
  /// What must not have happened.
  package private(set) var violations: [String] = []
  /// Sees each datagram as it comes to its host.
  package var onArrival: ((_ datagram: NetworkDatagram, _ now: Instant) -> Void)?
  /// Called after each host's turn.
  package var afterTurn: ((TransportWorldHost) -> Void)?

  private var byAddress: [Address: TransportWorldHost] = [:]
  private var generator: SeededGenerator
  private var transfers: [UInt16: TransportWorldTransfer] = [:]
  private var nextFile: UInt16 = 1
  private var nextSerial: UInt64 = 1
  private var messages: Set<UInt64> = []

  /// No host needs to send so many datagrams at one instant.
  private static let endless = 3_000_000

  /// A world without hosts, whose whole history follows from `seed`.
  package init(seed: UInt64, start: Instant = .zero) {
    generator = SeededGenerator(seed: seed)
    network = Network(seed: generator.next(), start: start)
  }

  /// The time.
  package var now: Instant { network.now }

  /// Adds a host; by default at an address of its own, over IPv4.
  @discardableResult
  package func addHost(
    _ configuration: TransportConfiguration = TransportConfiguration(), link: LinkSpec = .clean,
    address: Address? = nil
  ) -> TransportWorldHost {
    let address = address ?? Address(ipv4: 0x0a00_0001 + UInt32(hosts.count), port: 7_400)
    let host = TransportWorldHost(address, configuration, secrets: generator.next())
    network.join(address, link: link)
    hosts.append(host)
    byAddress[address] = host
    return host
  }

  /// Takes a host out as a crash would: it falls silent and forgets everything.
  package func removeHost(_ host: TransportWorldHost) {
    network.leave(host.address)
    byAddress[host.address] = nil
    hosts.removeAll { $0 === host }
  }

  // MARK: The application

  /// Begins a connection; nil if there are too many.
  @discardableResult
  package func connect(_ host: TransportWorldHost, to other: TransportWorldHost) -> ConnectionID? {
    defer { flush(host) }
    return host.endpoint.open(to: other.address, at: now)
  }

  /// Queues a file of so many bytes, as one range, or as several of `pieces` bytes.
  package func sendFile(_ bytes: Int, from host: TransportWorldHost, on id: ConnectionID, pieces: Int = .max) {
    let source = UInt32(nextFile) &* 31
    transfers[nextFile] = TransportWorldTransfer(source: source, length: UInt64(bytes))
    var offset = 0
    while offset < bytes {
      let count = min(pieces, bytes - offset)
      host.endpoint.send(
        Payload(source: source, space: .content, file: nextFile, offset: UInt64(offset), length: count), on: id)
      offset += count
    }
    nextFile += 1
    flush(host)
  }

  /// Queues a message that is told from all others.
  package func sendMessage(from host: TransportWorldHost, on id: ConnectionID) {
    var message: [UInt8]?
    if nextSerial % 3 == 0 {
      var have = Have()
      have.chunks = [ChunkRun(first: UInt32(truncatingIfNeeded: nextSerial), count: 1)]
      message = try? have.encoded()
    } else {
      var request = Request()
      let ranges = 1 + Int(nextSerial % 40)
      request.ranges = (0..<ranges).map { RangeField(offset: nextSerial, length: UInt32($0)) }
      message = try? request.encoded()
    }
    messages.insert(nextSerial)
    nextSerial += 1
    if let message { host.endpoint.send(message, on: id) }
    flush(host)
  }

  /// Whether all bytes and messages have arrived.
  package var isComplete: Bool { messages.isEmpty && transfers.values.allSatisfy(\.isComplete) }
  /// How many bytes of files have not arrived.
  package var bytesMissing: Int { transfers.values.reduce(0) { $0 + Int($1.length - $1.arrived) } }
  /// How many messages have not arrived.
  package var messagesMissing: Int { messages.count }

  // MARK: Time

  /// Runs until `condition` holds, for at most `limit`; whether it came to hold.
  @discardableResult
  package func run(for limit: Nanoseconds, until condition: () -> Bool = { false }) -> Bool {
    let end = now + limit
    while !condition() {
      guard violations.isEmpty, let event = network.nextEvent(until: end) else { return condition() }
      switch event {
      case .arrival(let datagram): arrive(datagram)
      case .wake(let address):
        guard let host = byAddress[address] else { continue }
        host.endpoint.expire(at: now)
        drain(host, [])
        flush(host)
      }
    }
    return true
  }

  private func arrive(_ datagram: NetworkDatagram) {
    guard let host = byAddress[datagram.to] else { return }
    onArrival?(datagram, now)
    if datagram.bytes.withUnsafeBytes({ Datagram.open($0) != nil }) {
      note(datagram, at: host)
      host.endpoint.receive(datagram.bytes.span.bytes, from: datagram.from, at: now)
    } else {
      host.corrupt += 1
      host.endpoint.receiveCorrupt(from: datagram.from, at: now)
    }
    let handedOn = host.contentReceived + host.bytesRepeated + host.messagesReceived
    drain(host, datagram.bytes)
    if host.contentReceived + host.bytesRepeated + host.messagesReceived > handedOn { noteArrived(datagram, at: host) }
    flush(host)
  }

  /// Sends what a host has to send, and asks for its next turn.
  package func flush(_ host: TransportWorldHost) {
    guard byAddress[host.address] === host else { return }
    var count = 0
    while let transmit = host.endpoint.nextTransmit(into: host.buffer, at: now) {
      let bytes = UnsafeMutableRawBufferPointer(rebasing: host.buffer[..<transmit.length])
      if transmit.payload.length > 0 {
        let content = UnsafeMutableRawBufferPointer(rebasing: bytes[transmit.headerLength...])
        TransportWorldContent.fill(content, source: transmit.payload.source, offset: transmit.payload.offset)
      }
      Datagram.seal(bytes)
      host.bytesSent += bytes.count
      note(transmit, UnsafeRawBufferPointer(bytes), from: host)
      network.send(UnsafeRawBufferPointer(bytes), from: host.address, to: transmit.to)
      count += 1
      guard count < TransportWorld.endless else { return violate("\(host.address) does not stop sending") }
    }
    network.wake(host.address, at: host.endpoint.deadline)
    if host.endpoint.deadline < now { violate("\(host.address) has a deadline in the past") }
    afterTurn?(host)
  }

  // MARK: What is checked

  /// Notes what must not have happened.
  package func violate(_ what: String) {
    if violations.count < 20 { violations.append("\(now.nanoseconds / 1_000) us: \(what)") }
  }

  private func drain(_ host: TransportWorldHost, _ bytes: [UInt8]) {
    while let event = host.endpoint.nextEvent() {
      switch event {
      case .opened(let id, let byPeer):
        host.connections.append((id, byPeer))
        host.windows[id] = TransportWorldHost.WireWindow(limit: host.endpoint.status(id)?.window ?? 0)
      case .closed(let id, let code, let byPeer):
        host.connections.removeAll { $0.id == id }
        host.closed.append((id, code, byPeer, host.endpoint.closeDetail(id).reason))
      case .block(_, let block): take(block, bytes, at: host)
      case .message(_, let type, let body): take(type, body, bytes, at: host)
      }
    }
  }

  private func take(_ block: Block, _ bytes: [UInt8], at host: TransportWorldHost) {
    let content = block.content
    guard let transfer = transfers[block.file], content.count > 0, content.end <= bytes.count else {
      return violate("a block of no file: \(block)")
    }
    let isRight = bytes.withUnsafeBytes {
      TransportWorldContent.matches(
        UnsafeRawBufferPointer(rebasing: $0[content.offset..<content.end]), source: transfer.source,
        offset: block.offset)
    }
    if !isRight { violate("wrong bytes at \(block.offset) of file \(block.file)") }
    let run = block.offset..<block.offset + UInt64(content.count)
    if transfers[block.file]?.insert(run) == true {
      host.contentReceived += content.count
      host.contentReceivedAt = now
    } else {
      host.bytesRepeated += content.count
    }
  }

  private func take(_ type: MessageType, _ body: ByteRange, _ bytes: [UInt8], at host: TransportWorldHost) {
    host.messagesReceived += 1
    let serial: UInt64?
    switch type {
    case .have: serial = (try? Have.decode(bytes.span.bytes, body)).flatMap { $0.chunks.first.map { UInt64($0.first) } }
    case .request: serial = (try? Request.decode(bytes.span.bytes, body)).flatMap { $0.ranges.first?.offset }
    default: serial = nil
    }
    guard let serial else { return violate("a message that no one sent: \(type)") }
    if messages.remove(serial) == nil { violate("message \(serial) came again") }
  }

  /// The number of a DATA packet may lie no further than the window beyond what was acknowledged.
  private func note(_ transmit: Transmit, _ bytes: UnsafeRawBufferPointer, from host: TransportWorldHost) {
    guard let id = transmit.connection, var window = host.windows[id], Header.peek(bytes.bytes).packetType == .data,
      let number = try? DataPacket.read(bytes.bytes).sequence
    else { return }
    let base = window.base ?? number
    window.base = base
    let distance = number &- base &+ 1
    // A repeat of what an ACK on its way has settled lies before the base.
    if Int32(bitPattern: distance) > 0 { window.most = max(window.most, distance) }
    if window.most > window.limit { violate("window overrun: \(window.most) of \(window.limit)") }
    host.windows[id] = window
  }

  /// No numbered packet may be handed on twice.
  private func noteArrived(_ datagram: NetworkDatagram, at host: TransportWorldHost) {
    let bytes = datagram.bytes.span.bytes
    let id = Header.peek(bytes).connection
    guard let number = try? DataPacket.read(bytes).sequence else { return violate("what was handed on is no DATA") }
    if !host.handedOn[id, default: []].insert(number).inserted {
      violate("packet \(number) was handed on twice")
    }
  }

  private func note(_ datagram: NetworkDatagram, at host: TransportWorldHost) {
    let bytes = datagram.bytes.span.bytes
    guard Header.peek(bytes).packetType == .ack, let ack = try? AckPacket.read(bytes) else { return }
    // Which connection it is for the wire alone does not say; those of one peer are told apart by their numbers.
    for (id, window) in host.windows {
      guard let base = window.base, host.endpoint.address(id) == datagram.from else { continue }
      let distance = ack.next &- base
      if Int32(bitPattern: distance) > 0, distance <= window.limit { host.windows[id]?.base = ack.next }
    }
  }
}
