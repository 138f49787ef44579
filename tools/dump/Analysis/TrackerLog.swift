import ShoalWire

/// The requests that await an answer, within bounds, and how long answers took.
struct TrackerLog {
  /// A tracker's transaction, or a connection by the opener's id.
  private struct Key: Hashable {
    var id: UInt64
    var requester: Address
  }
  private struct Request {
    var seen: Seen
    var tries: UInt32 = 1
  }

  private(set) var requests: UInt64 = 0
  private(set) var retries: UInt64 = 0
  private(set) var replies: UInt64 = 0
  private(set) var errors: UInt64 = 0
  /// From the last try to the answer, in nanoseconds.
  private(set) var latencies = Histogram()
  private var pending = Recent<Key, Request>(capacity: 1 << 14)

  mutating func observe(_ type: PacketType, _ datagram: Datagram, _ seen: inout Observation) {
    if type.isTrackerRequest {
      let isRetry = request(datagram, &seen)
      if isRetry { retries += 1 } else { requests += 1 }
    } else {
      replies += 1
      if type == .error {
        errors += 1
        seen.marks.insert(.trackerError)
      }
      reply(datagram, &seen)
      if let span = seen.request.span { latencies.add(span) }
    }
  }

  /// Remembers a request; whether it had been sent before.
  @discardableResult
  mutating func request(_ datagram: Datagram, _ seen: inout Observation) -> Bool {
    let key = Key(id: datagram.connection, requester: datagram.source)
    let now = Seen(number: datagram.number, time: datagram.time)
    guard let earlier = pending[key] else {
      pending.insert(Request(seen: now), for: key)
      return false
    }
    seen.marks.insert(.retry)
    seen.request = earlier.seen.reference(at: datagram.time)
    seen.tries = earlier.tries &+ 1
    pending.insert(Request(seen: now, tries: earlier.tries &+ 1), for: key)
    return true
  }

  /// Finds the request that a datagram answers.
  func reply(_ datagram: Datagram, _ seen: inout Observation) {
    guard let request = pending[Key(id: datagram.connection, requester: datagram.destination)] else { return }
    seen.marks.insert(.reply)
    seen.request = request.seen.reference(at: datagram.time)
  }
}
