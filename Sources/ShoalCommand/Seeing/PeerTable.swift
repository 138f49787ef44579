import Shoal
import ShoalTerminal

/// Peers as a table that fits the terminal, and as JSON.
struct PeerTable {
  private let rows: [PeerRow]
  private let showsFile: Bool

  /// The peers that want or give a file, busy ones first.
  init(_ rows: [PeerRow], showsFile: Bool = false) {
    // They are not sorted by rate: lines that keep changing places cannot be read.
    func place(_ row: PeerRow) -> Int { row.state == .active || row.state == .waiting ? 0 : 1 }
    self.rows = rows.sorted { (place($0), $0.standing.serial) < (place($1), $1.standing.serial) }
    self.showsFile = showsFile
  }

  /// Columns are left out from the right where there is no room.
  func lines(width: Int?, titles: Bool = false) -> [String] {
    func title(_ text: String) -> String { titles ? text : "" }
    var columns = [Table.Column(title("peer"), isVital: true)]
    if showsFile { columns += [Table.Column(title("file")), Table.Column(title(""))] }
    columns += [
      Table.Column(title("state"), isVital: true), Table.Column(title("has"), .right),
      Table.Column(title("rate"), .right), Table.Column(title("moved"), .right), Table.Column(title("RTT"), .right),
      Table.Column(title("loss"), .right), Table.Column(title("window"), .right), Table.Column(title("limit")),
    ]
    var table = Table(columns)
    for row in rows {
      var cells = ["\(row.standing.address)"]
      if showsFile { cells += [escaped(row.file), row.standing.isReceiver ? "to" : "from"] }
      let loss = row.loss.map { titles ? Units.percent($0) : "loss \(Units.percent($0))" } ?? ""
      let trip = row.roundTrip.map { titles ? PeerTable.time($0) : "RTT \(PeerTable.time($0))" } ?? ""
      let window = row.standing.connection.map { Units.bytes(UInt64(clamping: $0.congestionWindow)) }
      cells += [
        row.state.rawValue, row.share.map { Units.percent($0, decimals: 0) } ?? "",
        row.state == .active ? Units.rate(row.rate) : "",
        row.standing.moved.map { Units.bytes($0) + (titles ? "" : side(row)) } ?? "", trip, loss,
        titles ? window ?? "" : "", titles ? row.limit ?? "" : "",
      ]
      table.add(cells)
    }
    return table.lines(width: width)
  }

  private func side(_ row: PeerRow) -> String { row.standing.isReceiver ? " from here" : " from it" }

  /// `41 ms`, `0.21 ms`, `1.2 s`.
  static func time(_ seconds: Double) -> String {
    let milliseconds = seconds * 1_000
    if milliseconds >= 1_000 { return "\(Units.fixed(seconds, 1)) s" }
    return "\(Units.fixed(milliseconds, milliseconds < 1 ? 2 : milliseconds < 10 ? 1 : 0)) ms"
  }
}

extension PeerRow {
  /// Its members in JSON.
  var members: [JSON.Member] {
    let connection = standing.connection
    return [
      .init("address", .string("\(standing.address)")), .init("state", .string(state.rawValue)),
      .init("id", id.map { .string($0.hex) } ?? .null), .init("name", .string(file)),
      .init("role", standing.file == nil ? .null : standing.isReceiver ? "receiver" : "source"),
      .init("bytes", standing.moved.map { .uint($0) } ?? .null),
      .init("have", standing.have.map { .uint($0) } ?? .null),
      .init("total", size.map { .uint($0) } ?? .null), .init("rate", .double(rate)),
      .init("rtt", roundTrip.map { .double($0) } ?? .null), .init("loss", loss.map { .double($0) } ?? .null),
      .init("window", connection.map { .int($0.congestionWindow) } ?? .null),
      .init("in_flight", connection.map { .int($0.bytesInFlight) } ?? .null),
      .init("queued", connection.map { .int($0.queuedBytes) } ?? .null),
      .init("congestion", connection.map { .string($0.state) } ?? .null),
      .init("corrupt", connection.map { .int($0.counters.corrupt) } ?? .null),
      .init("limit", limit.map { .string($0) } ?? .null),
    ]
  }

  /// The object for an event of this kind.
  func object(_ event: String) -> JSON { .object([.init("event", .string(event))] + members) }
}
