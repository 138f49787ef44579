import ShoalCapture
import ShoalWire

/// The requests that may still be answered or repeated, within bounds.
struct RequestLog {
  /// A tracker's transaction, or a connection by the opener's id.
  private struct Key: Hashable {
    var id: UInt64
    var requester: Address
    /// The direction of the request: what a machine asks itself is captured both as it leaves and as it arrives.
    var direction: CaptureDirection?
  }
  private struct Request {
    var seen: Seen
    var tries: UInt32 = 1
  }

  private var pending = Recent<Key, Request>(capacity: 1 << 14)

  mutating func observe(_ type: PacketType, _ datagram: Datagram, _ seen: inout Observation) {
    if type == .error { seen.marks.insert(.trackerError) }
    if type.isTrackerRequest { request(datagram, &seen) } else { reply(datagram, &seen) }
  }

  /// Remembers a request, and returns whether it had been sent before.
  mutating func request(_ datagram: Datagram, _ seen: inout Observation) {
    let key = Key(id: datagram.connection, requester: datagram.source, direction: datagram.direction)
    let now = Seen(number: datagram.number, time: datagram.time)
    guard let earlier = pending[key] else {
      pending.insert(Request(seen: now), for: key)
      return
    }
    seen.marks.insert(.retry)
    seen.request = earlier.seen.reference(at: datagram.time)
    seen.tries = earlier.tries &+ 1
    pending.insert(Request(seen: now, tries: earlier.tries &+ 1), for: key)
  }

  /// Finds the request that a datagram answers.
  func reply(_ datagram: Datagram, _ seen: inout Observation) {
    let opposite: CaptureDirection? = datagram.direction.map { $0 == .outbound ? .inbound : .outbound }
    // A capture taken on the way between the two may see everything go in the same direction.
    let ways = [opposite, datagram.direction]
    let found = ways.lazy.compactMap { way in
      pending[Key(id: datagram.connection, requester: datagram.destination, direction: way)]
    }
    guard let request = found.first else { return }
    seen.marks.insert(.reply)
    seen.request = request.seen.reference(at: datagram.time)
  }
}
