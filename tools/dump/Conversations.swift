import ShoalWire

/// What a datagram is to those before it.
struct Marks {
  /// What to say of it, in the order of importance.
  var texts: [String] = []
  /// The number of the packet that carried a repeated DATA packet at first.
  var firstSent: UInt64?
}

/// Remembers, within bounds, what later datagrams refer to.
struct Conversations {
  /// A request, or the first sending of a packet.
  private struct Seen {
    var number: UInt64
    var time: UInt64?
    var window: UInt32 = 0
  }

  /// A tracker's transaction, or a connection by the opener's id.
  private struct RequestKey: Hashable {
    var id: UInt64
    var requester: Address
  }

  /// A DATA packet; the receiver's id tells the connection and the direction.
  private struct PacketKey: Hashable {
    var connection: UInt64
    var sequence: UInt32
  }

  private var requests = Recent<RequestKey, Seen>(capacity: 1 << 14)
  private var packets = Recent<PacketKey, Seen>(capacity: 1 << 18)

  /// Remembers the datagram and tells what it is to those before it.
  mutating func observe(_ datagram: Datagram) -> Marks {
    var marks = Marks()
    if datagram.isTruncated { marks.texts.append("captured \(datagram.bytes.count) of \(datagram.length) bytes") }
    if case .corrupt(let corruption) = datagram.verdict, datagram.isOurs { marks.texts.append("\(corruption)") }
    guard !datagram.isCorrupt, let (header, type) = try? datagram.header() else { return marks }
    let seen = Seen(number: datagram.number, time: datagram.time)
    let bytes = datagram.bytes.span.bytes
    switch type {
    case .data:
      if let packet = try? DataPacket.read(bytes) { observe(packet, header.connection, seen, &marks) }
    case .open:
      guard let packet = try? OpenPacket.decode(bytes) else { break }
      let open = Seen(number: seen.number, time: seen.time, window: packet.window)
      requests.insert(open, for: RequestKey(id: header.connection, requester: datagram.source))
    case .accept:
      let open = reply(datagram, header.connection, &marks)
      if let open, let packet = try? AcceptPacket.decode(bytes), packet.window < open.window {
        marks.texts.append("window lowered")
      }
    case .version: _ = reply(datagram, header.connection, &marks)
    case _ where type.isTrackerRequest:
      requests.insert(seen, for: RequestKey(id: header.connection, requester: datagram.source))
    case _ where type.isTracker: _ = reply(datagram, header.connection, &marks)
    default: break
    }
    return marks
  }

  private mutating func observe(_ packet: DataPacket, _ connection: UInt64, _ seen: Seen, _ marks: inout Marks) {
    let key = PacketKey(connection: connection, sequence: packet.sequence)
    let first = packets[key]
    guard packet.attempt > 0 else {
      if first == nil { packets.insert(seen, for: key) }
      return
    }
    marks.firstSent = first?.number
    let span = first.flatMap { milliseconds(from: $0.time, to: seen.time) }.map { ", \($0)" } ?? ""
    marks.texts.append("resent, attempt \(packet.attempt)\(span)")
  }

  private func reply(_ datagram: Datagram, _ id: UInt64, _ marks: inout Marks) -> Seen? {
    let request = requests[RequestKey(id: id, requester: datagram.destination)]
    if let request {
      let span = milliseconds(from: request.time, to: datagram.time).map { ", \($0)" } ?? ""
      marks.texts.append("reply to \(request.number)\(span)")
    }
    return request
  }
}
