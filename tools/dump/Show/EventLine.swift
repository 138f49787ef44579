import ShoalTerminal

/// Shows the events of a peer's qlog between the datagrams.
enum EventLine {
  /// Writes what follows the time: `10.0.0.1:7401 > 10.0.0.2:7402 qlog metrics_updated congestion_window=47104`, in the
  /// units of qlog; `flow` is the one over which the peer sends.
  static func write(_ event: PeerEvent, _ flow: Flow?, to out: inout TextBuffer) {
    if let flow {
      out.append(flow.source)
      out.append(" > ")
      out.append(flow.destination)
    } else {
      out.append("conn=")
      out.append(short(event.connection))
    }
    out.append(" qlog ")
    let words = event.name.split(separator: ":", maxSplits: 1)
    out.append(escaped(String(words.last ?? ""), asciiOnly: true))
    guard case .object(let members) = event.data else { return }
    for (key, value) in members.sorted(by: { $0.key < $1.key }) {
      let text = value.string ?? value.json.description
      out.append(" \(escaped(key, asciiOnly: true))=\(escaped(text, asciiOnly: true))")
    }
  }

  /// The event as an object.
  static func json(_ event: PeerEvent) -> JSON {
    let time = "\(event.time / 1_000_000_000).\(digits(event.time % 1_000_000_000, 9))"
    return [
      "event": "qlog", "time": .string(time), "name": .string(event.name), "connection": .hex(event.connection),
      "data": event.data.json,
    ]
  }
}
