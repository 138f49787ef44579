import ShoalBase
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalTracker
import ShoalTransport
import ShoalWire

/// A peer of a `World`: a swarm with everything that a real host does around it, in memory.
package final class WorldPeer: WorldHost {
  /// Its address.
  package let address: Address
  /// Its configuration.
  package let configuration: SwarmConfiguration
  /// A tracker on the same port, as `shoal share` has one.
  package var tracker: Registrar?
  /// The swarm; after a call that gives it something to do, have the world `flush` the peer.
  package var swarm: Swarm
  /// What it serves or fetches, by the key's index.
  package internal(set) var files: [WorldCopy] = []
  /// The swarm's events, except those about individual blocks and pieces.
  package internal(set) var events: [SwarmEvent] = []
  /// Whether it has crashed or left.
  package internal(set) var isGone = false
  /// Payload bytes of files that it has sent, including retransmissions.
  package private(set) var contentSent = 0
  /// How often its deadline passed.
  package private(set) var wakes = 0
  /// How long a worker needs to verify and write a piece, or to prepare a place.
  package var verificationDelay: Nanoseconds = 0
  /// The pieces of which it sends wrong bytes.
  package var lies: (Int) -> Bool = { _ in false }
  /// The pieces of whose blocks it sends a wrong value.
  package var treeLies: (Int) -> Bool = { _ in false }
  /// Whether another program has touched its disk, so that it may lack what it believes to have.
  package var mayLose = false
  /// Sees each datagram before its checksum is set, and may change it; if it returns false, the datagram is not sent.
  package var tamper: ((inout [UInt8]) -> Bool)?

  var buffer = [UInt8](repeating: 0, count: 65_536)
  var store = Store()
  /// Its disk.
  package var disk = SimulatedDisk()
  /// The open file of each download, as its disk names it.
  var handles: [Int: Int] = [:]
  /// The pieces that are waiting to be settled.
  var gathered: [StoreJobID: [UInt8]] = [:]
  /// Violations that have not been reported yet.
  var violations: [String] = []
  /// The time at the last call.
  var now = Instant.zero
  /// What is being read to be sent.
  var reads: [StoreJobID: ReadKey] = [:]
  /// The jobs under way, and when the disk will be done with each.
  var jobs: [(id: StoreJobID, job: StoreJob, at: Instant)] = []

  init(_ address: Address, _ configuration: SwarmConfiguration, secrets: UInt64) {
    self.address = address
    self.configuration = configuration
    swarm = Swarm(configuration, secrets: SecretGenerator(seed: secrets))
  }

  func verificationDelay(of job: StoreJob) -> Nanoseconds {
    switch job {
    case .settle, .allocate: verificationDelay
    default: 0
    }
  }

  // MARK: The five verbs

  package func receive(_ datagram: NetworkDatagram, at now: Instant) {
    self.now = now
    guard let bytes = Datagram.open(datagram.bytes.span) else {
      swarm.receiveCorrupt(from: datagram.from, at: now)
      return take([])
    }
    if tracker != nil, Header.peek(bytes).packetType?.isTrackerRequest == true {
      tracker?.receive(bytes, from: datagram.from, at: now)
    } else {
      swarm.receive(bytes, from: datagram.from, at: now)
      take(datagram.bytes)
    }
  }

  package func expire(at now: Instant) {
    self.now = now
    wakes += 1
    swarm.expire(at: now)
    store.expire(at: now)
    if let due = tracker?.deadline, due <= now { tracker?.expire(at: now) }
  }

  package func nextTransmit(at now: Instant) -> NetworkDatagram? {
    self.now = now
    if case (let to, var bytes)? = tracker?.nextTransmit(at: now) {
      Datagram.seal(&bytes)
      return NetworkDatagram(from: address, to: to, bytes: bytes)
    }
    while let transmit = swarm.nextTransmit(into: &buffer, at: now) {
      var datagram = transmit.gathered(behind: buffer) { gather($0, into: &$1) }
      if let tamper, !tamper(&datagram) { continue }
      Datagram.seal(&datagram)
      return NetworkDatagram(from: address, to: transmit.to, bytes: datagram)
    }
    return nil
  }

  package func nextEvent(at now: Instant) -> String? {
    self.now = now
    while tracker?.nextEvent() != nil {}
    take([])
    return violations.isEmpty ? nil : violations.removeFirst()
  }

  package var deadline: Instant {
    min(jobs.reduce(swarm.deadline) { min($0, $1.at) }, store.deadline, tracker?.deadline ?? .distantFuture)
  }

  package func takeState() -> ([ConnectionStatus], losses: [[LossVerdict]]) { (swarm.statuses, swarm.takeLosses()) }

  func end() {
    isGone = true
    (jobs, reads) = ([], [:])
  }

  package func crash(using random: inout SeededGenerator) {
    end()
    disk.crash(using: &random)
  }

  private func gather(_ payload: Payload, into room: inout MutableSpan<UInt8>) {
    let key = FileKey(source: payload.source)
    guard payload.space == ContentSpace.content.rawValue else {
      guard let bytes = swarm.manifest(key)?.bytes, Int(payload.offset) + room.count <= bytes.count else {
        return violate("\(address) sends a manifest that it lacks")
      }
      let start = Int(payload.offset)
      return room.copy(bytes.span.extracting(start..<start + room.count), to: 0)
    }
    contentSent += room.count
    let cut = self[key].file.cut
    let piece = cut.piece(at: payload.offset)
    let last = cut.piece(at: payload.offset + UInt64(room.count) - 1)
    let isHere = (piece...last).allSatisfy(self[key].written.contains)
    if !isHere { violate("\(address) serves piece \(piece), which it lacks") }
    self[key].file.fill(&room, offset: payload.offset)
    if lies(piece) { room[0] ^= 1 }
  }

  func violate(_ what: String) { violations.append(what) }

  /// The state of a file.
  package internal(set) subscript(_ key: FileKey) -> WorldCopy {
    get { files[key.index] }
    _modify { yield &files[key.index] }
  }
}
