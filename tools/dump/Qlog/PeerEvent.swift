import ShoalTerminal

/// What a peer's qlog says about a connection at one moment.
struct PeerEvent {
  /// Nanoseconds since 1970, by the peer's clock.
  let time: UInt64
  /// The name with its namespace, such as `recovery:metrics_updated`.
  let name: String
  /// The id in the header of the datagrams that the peer sends.
  let connection: UInt64
  let data: JSONReader.Value

  /// Reads a record; nil if it is no such event.
  init?(_ record: JSONReader.Value) {
    guard let time = record["time"]?.number, (0..<1e13).contains(time), let name = record["name"]?.string,
      let data = record["data"], let group = record["group_id"]?.string, let id = UInt64(group, radix: 16)
    else { return nil }
    // The milliseconds have three decimals.
    self.time = UInt64((time * 1_000).rounded()) * 1_000
    (self.name, connection, self.data) = (name, id, data)
  }

  /// The event as a record of a qlog.
  var record: JSON {
    ["time": .double(Double(time) / 1e6), "name": .string(name), "group_id": .hex(connection), "data": data.json]
  }
}

extension JSONReader.Value {
  /// The value, ready to be written, with the members of objects sorted by name.
  var json: JSON {
    switch self {
    case .null: .null
    case .bool(let value): .bool(value)
    case .number(let value): Int(exactly: value).map { .int($0) } ?? .double(value)
    case .string(let text): .string(text)
    case .array(let values): .array(values.map(\.json))
    case .object(let members): .object(members.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) })
    }
  }
}
