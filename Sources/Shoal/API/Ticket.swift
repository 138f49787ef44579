import ShoalContent

/// Everything that a receiver needs, in one word: `shoal1`, then letters and digits.
///
/// The id is the file's BLAKE3 hash, as `b3sum` prints it; everything else is a hint, which is not trusted.
public struct Ticket: Hashable, Sendable, CustomStringConvertible {
  /// The file's id.
  public var id: Digest
  /// Trackers that may know peers, as `host:port`.
  public var trackers: [String]
  /// Peers that may have the file, as `host:port`.
  public var peers: [String]
  /// The file's name, if the ticket has one; not to be trusted. That of a folder ends with a slash.
  public var name: String?
  /// How the file is cut, if the ticket says.
  public var cut: Cut?

  /// A ticket made of these parts.
  public init(id: Digest, trackers: [String] = [], peers: [String] = [], name: String? = nil, cut: Cut? = nil) {
    self.id = id
    self.trackers = trackers
    self.peers = peers
    self.name = name
    self.cut = cut
  }

  /// Whether the ticket's name says that it is for a folder.
  public var isFolder: Bool { name.map(isFolderName) ?? false }

  /// The name without the slash that marks a folder's.
  package var plainName: String? { name.map(Ticket.plain)?.nilIfEmpty }

  /// A name without the slash that marks a folder's.
  package static func plain(_ name: String) -> String {
    isFolderName(name) ? String(name.unicodeScalars.dropLast()) : name
  }

  /// Parses a ticket word, a bare id of 64 hexadecimal digits, or an id with hints, in the form of a URL:
  /// `shoal:<id>?tracker=host:port&peer=host:port&name=...&size=...&piece=...&chunks=...`, where unknown keys are
  /// ignored. Throws `badTicket`.
  public init(_ text: some StringProtocol) throws(ShoalError) {
    var rest = Substring(text)
    if TicketWord.isBegun(rest) {
      self = try TicketWord.ticket(rest)
      return
    }
    let hasScheme = rest.lowercased().hasPrefix("shoal:")
    if hasScheme { rest = rest.dropFirst(6) }
    let hex = rest.prefix { $0 != "?" }
    let remedy = "copy it whole"
    if let place = hex.firstIndex(where: { !$0.isASCII || !$0.isHexDigit }) {
      let number = hex.distance(from: hex.startIndex, to: place) + 1
      throw ShoalError(
        .badTicket, "ticket: character \(number) of the id, \(hex[place]), is not hexadecimal; \(remedy)")
    }
    guard let id = Digest(hex: hex) else {
      throw ShoalError(.badTicket, "ticket: id has \(hex.count) hex digits, not 64; \(remedy)")
    }
    self.init(id: id)
    var size: UInt64?
    var piece: UInt64?
    var chunks: UInt32?
    for item in rest.dropFirst(hex.count + 1).split(separator: "&") {
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let value = Ticket.decode(parts[1]) else {
        throw ShoalError(.badTicket, "ticket: \(item.prefix(60)) is cut off; \(remedy)")
      }
      switch parts[0].lowercased() {
      case "tracker": trackers.append(try Ticket.hostPort(value))
      case "peer": peers.append(try Ticket.hostPort(value))
      case "name": name = value.nilIfEmpty
      case "size": size = Ticket.number(value)
      case "piece": piece = Ticket.number(value)
      case "chunks": chunks = Ticket.number(value).flatMap(UInt32.init(exactly:))
      default: break
      }
    }
    if let size, let piece, let chunks, piece.nonzeroBitCount == 1 {
      let cut = Cut(size: size, pieceExponent: UInt8(piece.trailingZeroBitCount), chunks: chunks)
      if cut.isValid { self.cut = cut }
    }
  }

  /// Accepts digits only: `UInt64` would accept a sign too.
  private static func number(_ value: String) -> UInt64? {
    value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt64(value) : nil
  }

  private static func hostPort(_ value: String) throws(ShoalError) -> String {
    do {
      _ = try Resolver.parse(value)
      return value
    } catch { throw ShoalError(.badTicket, "ticket: \(error)") }
  }

  /// The ticket as a word.
  public var description: String { TicketWord.text(of: self) }

  /// Decodes percent-encoded text; nil if an escape is cut off, or if the bytes are not UTF-8.
  static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
      guard digits.count == 2 else { return nil }
      bytes.append(UInt8(digits[0] << 4 | digits[1]))
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// Whether a name is that of a folder.
package func isFolderName(_ name: String) -> Bool { name.unicodeScalars.last == "/" }
