import Shoal
import ShoalContent
import ShoalTerminal

/// The subject of `shoal get` or `shoal lookup`, and the trackers and peers that may be asked.
struct GetRequest {
  /// What names the file.
  enum Subject: Equatable {
    case ticket(Ticket)
    case name(String)
  }

  let subject: Subject
  /// The trackers named by options; a ticket may name more.
  let trackers: [String]
  let peers: [String]

  /// Reads the argument and the options --tracker and, if `allowsPeers`, --peer.
  init(_ argument: String, _ invocation: Invocation, allowsPeers: Bool) throws {
    var trackers: [String] = []
    for tracker in invocation.all("tracker") {
      trackers.append(try tracker.place(named: "tracker", defaultPort: Tracker.defaultPort))
    }
    var peers: [String] = []
    for peer in allowsPeers ? invocation.all("peer") : [] {
      peers.append(try peer.place(named: "peer", defaultPort: Peer.defaultPort))
    }
    (self.trackers, self.peers) = (trackers, peers)
    let remedy = "--tracker HOST:PORT"
    let texts = Ticket.texts(in: argument)
    guard !texts.isEmpty else {
      subject = .name(argument)
      let text = argument.filter { !$0.isWhitespace }
      if GetRequest.isNearlyTicket(text) {
        throw UsageError("\(quoted(text)) is not a ticket: one begins with shoal1; copy it whole")
      }
      if argument.isEmpty { throw UsageError("the name is empty; give a ticket, a name or an id") }
      if trackers.isEmpty {
        throw UsageError("\(quoted(argument)) is a name: say which tracker knows it, with \(remedy)")
      }
      return
    }
    let ticket = try GetRequest.ticket(texts)
    subject = .ticket(ticket)
    let others = allowsPeers ? peers + ticket.peers : []
    if trackers.isEmpty, ticket.trackers.isEmpty, others.isEmpty {
      let or = allowsPeers ? " or --peer HOST:PORT" : ""
      throw UsageError("id \(ticket.id.short): say who may know of it, with \(remedy)\(or)")
    }
  }

  /// The single ticket among several texts, some of which may be damaged.
  private static func ticket(_ texts: [String]) throws -> Ticket {
    let whole = texts.compactMap { try? Ticket($0) }
    guard let first = whole.first else { return try Ticket(texts[0]) }
    guard whole.allSatisfy({ $0 == first }) else {
      throw UsageError("\(whole.count) tickets in one text; give one of them")
    }
    return first
  }

  /// Whether this looks like a damaged ticket or an address rather than a name.
  static func isNearlyTicket(_ text: String) -> Bool {
    guard let colon = text.firstIndex(of: ":") else {
      let isWord = text.utf8.count >= 48 && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
      return isWord && nearMiss(text.prefix(5).lowercased(), among: ["shoal"]) != nil
    }
    let scheme = text[..<colon].lowercased()
    let isWord = !scheme.isEmpty && scheme.allSatisfy { $0.isASCII && $0.isLetter }
    let rest = text[colon...].dropFirst()
    let digits = rest.prefix { $0.isASCII && $0.isHexDigit }
    let isMisspelt = digits.count >= 8 && nearMiss(scheme, among: ["shoal"]) != nil
    return isWord && (rest.hasPrefix("//") || digits.count >= 32 || isMisspelt)
  }

  /// Whether a word may be the beginning of an id that a tracker knows.
  static func isShortID(_ text: String) -> Bool {
    (8..<64).contains(text.utf8.count) && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  /// The number of trackers that may be asked.
  var trackerCount: Int {
    if case .ticket(let ticket) = subject { return Set(trackers + ticket.trackers).count }
    return trackers.count
  }
}

extension GetRequest {
  /// The words without a second copy of the command, pasted along with the ticket: `shoal get shoal get TICKET`.
  static func withoutRepeatedCommand(_ words: [String]) -> [String] {
    guard words.count > 3, ["get", "lookup"].contains(words[0]), words[1] == "shoal", words[2] == words[0] else {
      return words
    }
    return Array(words.dropFirst(2))
  }
}

extension Peer {
  /// The files that the trackers know by a name or, if there are none, the folders, whose names end with a slash.
  func files(named name: String) async throws -> (name: String, files: [FoundFile]) {
    let files = try await find(name: name)
    guard files.isEmpty, name.unicodeScalars.last != "/" else { return (name, files) }
    let folders = try await find(name: name + "/")
    return folders.isEmpty ? (name, []) : (name + "/", folders)
  }
}

extension Session {
  /// The one file that the trackers know by this name.
  func file(named name: String, among found: [FoundFile]) throws(Failure) -> FoundFile {
    let ids = found.reduce(into: [] as [Digest]) { ids, file in if !ids.contains(file.id) { ids.append(file.id) } }
    guard let file = found.first else {
      let doubt =
        GetRequest.isShortID(name)
        ? ", and no id that begins so; an unlisted file is found only by its whole id" : "; is the name right?"
      throw Failure("the tracker knows no file named \(quoted(name))\(doubt)", code: "unknown_name")
    }
    guard ids.count == 1 else {
      let list = ids.map { id in
        let claims = found.filter { $0.id == id }
        return "\(id) (\(Units.total(claims[0].cut.size)), from \(claims[0].claimant))"
      }
      .joined(separator: ", ")
      throw Failure("\(quoted(name)) means \(ids.count) files; get one by its id: \(list)", code: "ambiguous_name")
    }
    let others = file.peers > 1 ? " and \(counted(file.peers - 1, "other"))" : ""
    note("\(quoted(name)) is \(file.id), \(Units.total(file.cut.size)), says \(file.claimant)\(others)")
    return file
  }
}
