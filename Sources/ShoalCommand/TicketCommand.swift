import Shoal
import ShoalContent
import ShoalTerminal

/// `shoal ticket`: what is in a ticket.
struct TicketCommand {
  private let session: Session
  private let ticket: Ticket

  init(_ session: Session) throws {
    self.session = session
    let words = session.invocation.all("ticket").map(\.text)
    ticket = try TicketCommand.ticket(words.joined(separator: " "))
  }

  func run() throws {
    if session.isJSON {
      session.emit(TicketCommand.object(of: ticket))
    } else if session.invocation.has("qr") {
      session.console.print(try TicketCommand.code(of: ticket, session.console.standardOutput).joined(separator: "\n"))
    } else {
      session.console.print(TicketCommand.lines(of: ticket).joined(separator: "\n"))
    }
  }

  /// The lines of its QR code, which is in upper case.
  static func code(of ticket: Ticket, _ stream: Terminal) throws -> [String] {
    guard let code = QRCode("\(ticket)".uppercased()) else {
      throw Failure("the ticket is too long for a QR code; name fewer trackers", code: "too_long")
    }
    return code.lines(isUTF8: stream.isUTF8, isColored: stream.usesColor)
  }

  private static func ticket(_ text: String) throws -> Ticket {
    let tickets = Ticket.texts(in: text)
    // The text may contain a ticket twice, as the output of share does; if all are damaged, the first is reported.
    guard let found = tickets.first(where: { (try? Ticket($0)) != nil }) ?? tickets.first else {
      throw UsageError("\(quoted(text)) is not a ticket: one begins with shoal1; copy it whole")
    }
    return try Ticket(found)
  }

  /// A line for each part.
  static func lines(of ticket: Ticket) -> [String] {
    var table = Table([.init(), .init()])
    table.add(["id", ticket.id.hex])
    if let name = ticket.name { table.add(["name", escaped(name)]) }
    if let cut = ticket.cut { table.add([ticket.isFolder ? "listing" : "file", cut.words]) }
    for place in ticket.trackers { table.add(["tracker", place]) }
    for place in ticket.peers { table.add(["peer", place]) }
    return table.lines(width: nil)
  }

  static func object(of ticket: Ticket) -> JSON {
    [
      "event": "done", "id": .string(ticket.id.hex), "name": ticket.name.map { .string($0) } ?? .null,
      "folder": .bool(ticket.isFolder),
      "bytes": ticket.cut.map { .uint($0.size) } ?? .null, "chunks": ticket.cut.map { .int(Int($0.chunks)) } ?? .null,
      "piece_size": ticket.cut.map { .int($0.pieceSize) } ?? .null,
      "trackers": .array(ticket.trackers.map { .string($0) }), "peers": .array(ticket.peers.map { .string($0) }),
      "ticket": .string("\(ticket)"),
    ]
  }
}
