import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Testing

/// A swarm without a network: a test writes the datagrams that it gets and reads those that it sends.
struct BareSwarm: ~Copyable {
  var swarm: Swarm
  var now = Instant(nanoseconds: 1_000 * .second)
  private var buffer = [UInt8](repeating: 0, count: 65_536)
  private var told: [SwarmEvent] = []
  /// Whether the test decides when reads end. Otherwise all bytes are in memory at once.
  var holdsReads = false
  private(set) var reads: [ReadKey] = []
  /// The offsets in a file of the blocks that were sent.
  private(set) var offsets: Set<UInt64> = []

  init(_ configuration: SwarmConfiguration = SwarmConfiguration()) {
    swarm = Swarm(configuration, secrets: SecretGenerator(seed: 1))
  }

  /// Delivers a datagram to it.
  mutating func hand(_ datagram: [UInt8], from address: Address) {
    swarm.receive(datagram.span, from: address, at: now)
  }

  /// Takes its events.
  private mutating func take() {
    while let event = swarm.nextEvent() {
      guard case .wanted(let read, _, _, _) = event else {
        told.append(event)
        continue
      }
      if holdsReads { reads.append(read) } else { swarm.readEnded(read, isReadable: true, at: now) }
    }
  }

  /// What it sends now.
  mutating func sent() -> [(to: Address, bytes: [UInt8])] {
    take()
    var sent: [(to: Address, bytes: [UInt8])] = []
    while let transmit = swarm.nextTransmit(into: &buffer, at: now) {
      if transmit.payload.length > 0 { offsets.insert(transmit.payload.offset) }
      sent.append((transmit.to, Array(buffer[..<transmit.headerLength])))
    }
    return sent
  }

  /// What it sends within a while.
  mutating func sent(for span: Nanoseconds) -> [(to: Address, bytes: [UInt8])] {
    var all = sent()
    let end = now + span
    while swarm.deadline <= end {
      now = max(now, swarm.deadline)
      swarm.expire(at: now)
      all += sent()
    }
    now = end
    return all
  }

  mutating func events() -> [SwarmEvent] {
    take()
    defer { told = [] }
    return told
  }

  /// Accepts a connection that a host at this address opens; returns the id by which the swarm knows it.
  mutating func accept(from address: Address, as id: UInt64) throws -> UInt64 {
    var open = OpenPacket()
    (open.initialSequence, open.window, open.maxDatagram, open.idleTimeout) = (0, 65_536, 65_507, 30)
    hand(try open.datagram(connection: id), from: address)
    let answers = sent()
    let answer = try #require(answers.first { $0.to == address })
    return try AcceptPacket.decode(answer.bytes.span).responder
  }

  /// Sends messages on a connection, in one datagram with this number.
  mutating func say(_ messages: [[UInt8]], _ sequence: UInt32, on id: UInt64, from address: Address) throws {
    var packet = DataPacket()
    packet.sequence = sequence
    hand(try packet.datagram(connection: id) + messages.flatMap { $0 }, from: address)
  }
}
