import ShoalCapture
import ShoalTerminal
import ShoalWire

/// Follows the connections and tracker requests of a capture, and finds how each datagram relates to earlier ones.
///
/// It keeps one or two kilobytes per flow and, of the packets, only those that are not acknowledged and some before
/// them.
struct Analyzer: ~Copyable {
  /// The most directions of connections that are followed; others are only shown.
  static let mostFlows = 1 << 13
  /// The most bytes of all rings of numbered packets together.
  static let mostMemory = 32 << 20

  /// Every direction of every connection, in the order in which they appeared.
  var flows: [Flow] = []
  var requests = RequestLog()
  var files = FileTable()
  var places = FlowTable()
  /// The bytes that all rings take together.
  private(set) var memory = 0
  /// Datagrams of connections that are not followed.
  private(set) var unfollowed: UInt64 = 0
  /// Packets that are known only from ACKs, because frames were cut.
  var hiddenPackets: UInt64 = 0
  private var clock: UInt64 = 0

  init() {}

  deinit { for var flow in flows { flow.sent.deallocate() } }

  /// Finds how a datagram relates to earlier ones, and remembers it.
  ///
  /// A corrupt datagram whose first bytes are damaged is recognised by its addresses: `isOurs` is then set.
  mutating func observe(_ datagram: inout Datagram) -> Observation {
    var seen = Observation()
    clock += 1
    if datagram.isTruncated { seen.marks.insert(.cut) }
    if datagram.isCorrupt {
      observeCorrupt(&datagram, &seen)
      return seen
    }
    guard datagram.isOurs else { return seen }
    guard let type = datagram.type else {
      if datagram.verdict == .ok { fault(of: datagram, &seen) }
      return seen
    }
    switch datagram.content {
    case .data(let packet):
      guard let flow = flow(of: datagram, &seen) else { break }
      orient(&datagram, flow)
      observe(packet, datagram, flow, &seen)
    case .ack(let packet):
      guard let flow = flow(of: datagram, &seen) else { break }
      orient(&datagram, flow)
      observe(packet, datagram, flow, &seen)
    case .other, .none:
      if !datagram.isTruncated { fault(of: datagram, &seen) }
      if type.isTracker {
        requests.observe(type, datagram, &seen)
        places.noteTracker(datagram)
      } else if seen.fault == nil {
        observe(type, datagram, &seen)
      }
    }
    return seen
  }

  private func fault(of datagram: Datagram, _ seen: inout Observation) {
    seen.fault = datagram.fault
    if seen.fault != nil { seen.marks.insert(.malformed) }
  }

  /// Observes a corrupt datagram. Damage to the first two bytes does not make it a stranger's.
  private mutating func observeCorrupt(_ datagram: inout Datagram, _ seen: inout Observation) {
    let place = places.find(from: datagram.source, to: datagram.destination)
    if place != .unknown || places.find(from: datagram.destination, to: datagram.source) != .unknown {
      datagram.isOurs = true
    }
    guard datagram.isOurs else { return }
    seen.marks.insert(.corrupt)
    guard case .flow(let index) = place else { return }
    seen.flow = index
    touch(index, datagram)
  }

  /// The flow of a datagram by the id in its header; a new one if it is the first of its kind.
  private mutating func flow(of datagram: Datagram, _ seen: inout Observation) -> Int? {
    guard let index = flow(datagram.connection, from: datagram.source, to: datagram.destination, &seen) else {
      return nil
    }
    seen.flow = index
    touch(index, datagram)
    countUnproven(datagram, index, &seen)
    noteOpener(datagram, index)
    return index
  }

  /// The flow to the end that gave the id; a new one if there is none.
  mutating func flow(_ id: UInt64, from source: Address, to destination: Address, _ seen: inout Observation) -> Int? {
    if let index = places.find(id) {
      if flows[index].source != source || flows[index].destination != destination {
        seen.marks.insert(.addressChanged)
        (flows[index].source, flows[index].destination) = (source, destination)
        places.note(index, from: source, to: destination)
      }
      return index
    }
    guard flows.count < Self.mostFlows else {
      unfollowed += 1
      return nil
    }
    let index = flows.count
    flows.append(Flow(connection: id, source: source, destination: destination))
    places.insert(index, id: id)
    places.note(index, from: source, to: destination)
    return index
  }

  /// Notes when the flow was in use.
  mutating func touch(_ index: Int, _ datagram: Datagram) {
    guard let time = datagram.time else { return }
    if flows[index].firstTime == nil { flows[index].firstTime = time }
    flows[index].lastTime = time
  }

  /// Notes the transmission of a number, within what all rings may take.
  mutating func note(_ number: Int64, _ packet: SentPacket, _ index: Int) {
    flows[index].lastUse = clock
    let before = flows[index].sent.memory
    if before == 0, memory + SentPackets.leastMemory > Self.mostMemory { reclaim(except: index) }
    flows[index].sent.note(number, packet, budget: Self.mostMemory - memory + before)
    memory += flows[index].sent.memory - before
  }

  /// Forgets the packets of the flows that were used longest ago.
  private mutating func reclaim(except index: Int) {
    let holders = flows.indices.filter { $0 != index && flows[$0].sent.memory > 0 }
    let sorted = holders.sorted { flows[$0].lastUse < flows[$1].lastUse }
    for holder in sorted.prefix(max(1, sorted.count / 2)) {
      memory -= flows[holder].sent.memory
      flows[holder].sent.deallocate()
    }
  }

  /// Says that there were more connections than can be followed; nil if there were not.
  var limitReached: String? {
    guard unfollowed > 0 else { return nil }
    return
      "\(Units.grouped(unfollowed)) datagrams belong to more connections than can be followed"
      + " (\(Units.grouped(Self.mostFlows / 2))): their repeats and losses are not shown"
  }

  /// What a reader must know about the capture to understand its flows, in sentences.
  var remarks: [String] {
    guard hiddenPackets > 0 else { return [] }
    return [
      "frames were captured in part, and may have held several datagrams (segmentation offload): ACKs show"
        + " \(Units.grouped(hiddenPackets)) packets that are not in the capture; capture whole frames (tcpdump -s 0)"
    ]
  }

  mutating func link(_ one: Int, _ other: Int) {
    flows[one].reverse = other
    flows[other].reverse = one
  }
}
