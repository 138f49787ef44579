import ShoalBase
import ShoalContent
import ShoalWire

/// Tickets as one word of letters and digits, which a double click selects and every shell takes without quotes:
/// Protocol.md, section 9.
///
/// After `shoal1` come, in base32, the id, the items, each preceded by a byte for its kind and one for its length, and
/// the CRC-32C of all of that.
enum TicketWord {
  /// The prefix of tickets of all versions; the version's digit follows.
  static let scheme = "shoal"
  static let version: Character = "1"
  /// The base32 alphabet of RFC 4648; either case is read.
  private static let letters = Array("abcdefghijklmnopqrstuvwxyz234567")
  /// The longest ticket that is read, in characters: far more than a few addresses take.
  static let longest = 4_096

  /// What an item says. Addresses that are numbers are 6 or 18 bytes, the port last; others are text.
  private enum Item: UInt8 {
    case tracker = 1, peer, trackerAndPeer
    case trackerName, peerName
    case name, cut
  }

  // MARK: Writing

  static func text(of ticket: Ticket) -> String {
    var bytes = [UInt8](ticket.id.bytes.span)
    func add(_ item: Item, _ value: [UInt8]) {
      guard value.count <= 255 else { return }
      bytes += [item.rawValue, UInt8(value.count)] + value
    }
    func add(_ place: String, _ item: Item, named: Item) {
      if let number = number(of: place) { add(item, number) } else { add(named, Array(place.utf8)) }
    }
    var (trackers, peers) = (ticket.trackers[...], ticket.peers[...])
    // A peer that runs its own tracker is listed once, as both.
    while let place = trackers.first, place == peers.first, let number = number(of: place) {
      add(.trackerAndPeer, number)
      (trackers, peers) = (trackers.dropFirst(), peers.dropFirst())
    }
    for place in trackers { add(place, .tracker, named: .trackerName) }
    for place in peers { add(place, .peer, named: .peerName) }
    if let name = ticket.name, !name.isEmpty { add(.name, Array(name.utf8)) }
    if let cut = ticket.cut { add(.cut, [cut.pieceExponent] + varint(UInt64(cut.chunks)) + varint(cut.size)) }
    return scheme + [version] + base32(bytes + checksum(bytes[...]))
  }

  /// An address in binary, if that gives the same text back.
  private static func number(of place: String) -> [UInt8]? {
    guard let parsed = try? Resolver.parse(place), let address = Resolver.numeric(parsed.host, port: parsed.port),
      "\(address)" == place
    else { return nil }
    let host: [UInt8] =
      address.isIPv4 ? bigEndian(address.ipv4) : bigEndian(address.high) + bigEndian(address.low)
    return host + bigEndian(address.port)
  }

  private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    stride(from: number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  private static func varint(_ number: UInt64) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8)
    var count = 0
    var span = bytes.mutableSpan
    _ = Varint.write(min(number, Varint.max), &span, &count)
    return Array(bytes[..<count])
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] { bigEndian(CRC32C.checksum(bytes.span)) }

  private static func base32(_ bytes: [UInt8]) -> String {
    var (text, bits, count) = ("", 0, 0)
    for byte in bytes {
      (bits, count) = ((bits << 8 | Int(byte)) & 0xfff, count + 8)
      while count >= 5 {
        count -= 5
        text.append(letters[bits >> count & 31])
      }
    }
    if count > 0 { text.append(letters[bits << (5 - count) & 31]) }
    return text
  }

  // MARK: Reading

  /// Whether a text begins like a ticket of any version.
  static func isBegun(_ text: Substring) -> Bool {
    let rest = text.dropFirst(scheme.count)
    return text.lowercased().hasPrefix(scheme) && rest.first.map { $0.isASCII && $0.isNumber } ?? false
  }

  /// Parses a ticket; the error says in a few words what is wrong.
  static func ticket(_ text: Substring) throws(ShoalError) -> Ticket {
    let remedy = "copy it whole"
    guard text.utf8.count <= longest, isBegun(text) else {
      throw ShoalError(.badTicket, "ticket: it is too long; \(remedy)")
    }
    guard text.dropFirst(scheme.count).first == version else {
      throw ShoalError(.badTicket, "ticket: it is of another version; update shoal")
    }
    let word = text.dropFirst(scheme.count + 1)
    for (place, letter) in word.enumerated() where value(of: letter) == nil {
      let number = scheme.count + 2 + place
      throw ShoalError(.badTicket, "ticket: character \(number), \(letter), does not occur in tickets; \(remedy)")
    }
    let bytes = bytes(word)
    let content = bytes.dropLast(4)
    guard content.count >= Digest.byteCount, base32(bytes) == word.lowercased(),
      checksum(content) == Array(bytes.suffix(4)), let ticket = ticket(content)
    else { throw ShoalError(.badTicket, "ticket: a character is wrong, missing or too many; \(remedy)") }
    return ticket
  }

  /// Whether this is a valid ticket.
  static func isWhole(_ text: String) -> Bool { (try? ticket(text[...])) != nil }

  static func value(of letter: Character) -> Int? {
    letter.isASCII ? letter.lowercased().first.flatMap { letters.firstIndex(of: $0) } : nil
  }

  private static func bytes(_ word: Substring) -> [UInt8] {
    var (bytes, bits, count) = ([UInt8](), 0, 0)
    for value in word.compactMap({ value(of: $0) }) {
      (bits, count) = ((bits << 5 | value) & 0xfff, count + 5)
      guard count >= 8 else { continue }
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> count))
    }
    return bytes
  }

  /// Parses the id and the items; nil if their lengths do not add up. Items of unknown kinds are skipped.
  private static func ticket(_ content: ArraySlice<UInt8>) -> Ticket? {
    var ticket = Ticket(id: Digest(Array(content.prefix(Digest.byteCount)).span))
    var rest = content.dropFirst(Digest.byteCount)
    while let kind = rest.popFirst() {
      guard let length = rest.popFirst(), rest.count >= length else { return nil }
      let value = Array(rest.prefix(Int(length)))
      rest = rest.dropFirst(Int(length))
      switch Item(rawValue: kind) {
      case .tracker?, .peer?, .trackerAndPeer?:
        guard let place = place(value) else { return nil }
        if kind != Item.peer.rawValue { ticket.trackers.append(place) }
        if kind != Item.tracker.rawValue { ticket.peers.append(place) }
      case .trackerName?, .peerName?:
        guard let place = String(validating: value, as: UTF8.self), (try? Resolver.parse(place)) != nil else {
          return nil
        }
        if kind == Item.trackerName.rawValue { ticket.trackers.append(place) } else { ticket.peers.append(place) }
      case .name?:
        guard let name = String(validating: value, as: UTF8.self) else { return nil }
        if !name.isEmpty { ticket.name = name }
      case .cut?: ticket.cut = cut(value)
      case nil: break
      }
    }
    return ticket
  }

  private static func place(_ value: [UInt8]) -> String? {
    func number(_ range: Range<Int>) -> UInt64 { value[range].reduce(0) { $0 << 8 | UInt64($1) } }
    switch value.count {
    case 6: return "\(Address(ipv4: UInt32(number(0..<4)), port: UInt16(number(4..<6))))"
    case 18: return "\(Address(high: number(0..<8), low: number(8..<16), port: UInt16(number(16..<18))))"
    default: return nil
    }
  }

  /// The cut, if it is a valid one.
  private static func cut(_ value: [UInt8]) -> Cut? {
    var offset = 1
    guard let exponent = value.first, let chunks = Varint.read(value.span, &offset),
      let size = Varint.read(value.span, &offset), offset == value.count, let count = UInt32(exactly: chunks)
    else { return nil }
    let cut = Cut(size: size, pieceExponent: exponent, chunks: count)
    return cut.isValid ? cut : nil
  }
}
