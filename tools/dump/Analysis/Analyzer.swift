import ShoalCapture
import ShoalWire

/// Follows the connections and tracker requests of a capture, and tells what each datagram is to those before it.
///
/// It keeps a few hundred bytes a flow, and of packets only those that are not acknowledged, and some before them.
struct Analyzer: ~Copyable {
  /// More connections than this are shown but not followed.
  static let mostFlows = 1 << 17
  /// All rings of numbered packets together.
  static let mostMemory = 32 << 20

  /// Every direction of every connection, in the order in which they appeared.
  var flows: [Flow] = []
  var tracker = TrackerLog()
  var places = FlowTable()

  init() {}

  deinit { for var flow in flows { flow.sent.deallocate() } }

  /// Tells what a datagram is to those before it, and remembers it.
  ///
  /// A corrupt datagram whose first bytes are damaged is recognised by its addresses: `isOurs` is then set.
  mutating func observe(_ datagram: inout Datagram) -> Observation {
    var seen = Observation()
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
      observe(packet, datagram, flow, &seen)
    case .ack(let packet):
      guard let flow = flow(of: datagram, &seen) else { break }
      observe(packet, datagram, flow, &seen)
    case .other, .none:
      if !datagram.isTruncated { fault(of: datagram, &seen) }
      if type.isTracker {
        tracker.observe(type, datagram, &seen)
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

  /// Damage to the first two bytes does not make it a stranger's.
  private mutating func observeCorrupt(_ datagram: inout Datagram, _ seen: inout Observation) {
    let place = places.find(from: datagram.source, to: datagram.destination)
    if place != .unknown || places.find(from: datagram.destination, to: datagram.source) != .unknown {
      datagram.isOurs = true
    }
    guard datagram.isOurs else { return }
    seen.marks.insert(.corrupt)
    guard case .flow(let index) = place else { return }
    seen.flow = index
    count(datagram, index)
    flows[index].counters.corrupt += 1
  }

  /// The flow of a datagram by the id in its header; a new one if it is the first of its kind.
  private mutating func flow(of datagram: Datagram, _ seen: inout Observation) -> Int? {
    guard let index = flow(datagram.connection, from: datagram.source, to: datagram.destination, &seen) else {
      return nil
    }
    seen.flow = index
    count(datagram, index)
    return index
  }

  /// The flow to whoever gave the id; a new one if there is none.
  mutating func flow(_ id: UInt64, from source: Address, to destination: Address, _ seen: inout Observation) -> Int? {
    if let index = places.find(id) {
      if flows[index].source != source || flows[index].destination != destination {
        seen.marks.insert(.addressChanged)
        (flows[index].source, flows[index].destination) = (source, destination)
        places.note(index, from: source, to: destination)
      }
      return index
    }
    guard flows.count < Self.mostFlows else { return nil }
    let index = flows.count
    flows.append(Flow(connection: id, source: source, destination: destination))
    places.insert(index, id: id)
    places.note(index, from: source, to: destination)
    return index
  }

  mutating func count(_ datagram: Datagram, _ index: Int) {
    flows[index].counters.datagrams += 1
    flows[index].counters.bytes += UInt64(datagram.length)
    guard let time = datagram.time else { return }
    if flows[index].firstTime == nil { flows[index].firstTime = time }
    flows[index].lastTime = time
  }

  mutating func link(_ one: Int, _ other: Int) {
    flows[one].reverse = other
    flows[other].reverse = one
  }
}
