import Shoal
import ShoalTerminal
import ShoalWire

/// Puts into words what a peer tells besides its progress.
struct PeerNews {
  /// Whose news they are.
  enum Role: Equatable {
    /// A peer that serves a file: who comes and goes is what its user waits for.
    case sharing(tellsTrackers: Bool)
    /// A peer that fetches a file and knows so many trackers.
    case getting(trackers: Int)
  }

  /// A line, and how much it matters.
  enum Line: Equatable {
    case log(String)
    case detail(String)
    case warning(String)
  }

  private let role: Role
  /// The peers that serve what is wanted here.
  private var sources = 0
  private var answering: Set<Address> = []
  private var told: Set<String> = []
  /// The trackers of whose silence there was a warning.
  private var missed: Set<Address> = []

  init(_ role: Role) { self.role = role }

  /// What there is to say about an event, if anything, while so many peers serve what is wanted here.
  mutating func line(for event: PeerEvent, sources: Int = 0) -> Line? {
    self.sources = sources
    return line(for: event)
  }

  private mutating func line(for event: PeerEvent) -> Line? {
    switch event {
    case .connected(let address, let byPeer):
      return usual(byPeer ? "\(address) connected" : "connected to \(address)")
    case .disconnected(let address, let reason):
      return .detail("\(address) disconnected: \(escaped(reason))")
    case .unreachable(let address):
      return lonely("\(address) does not answer; trying again: does it run, is UDP \(address.port) open?")
    case .otherVersion(let address, let versions):
      let first = versions.lowerBound
      let theirs = versions.count == 1 ? "version \(first)" : "versions \(first) to \(versions.upperBound)"
      let remedy = first > Limits.version ? "update this shoal" : "theirs needs an update"
      return once(.warning("\(address) speaks \(theirs), we speak \(Limits.version); \(remedy)"))
    case .refused(let address, let id, _): return lonely("\(address) does not serve \(id.short)")
    case .distrusted(let address, _):
      return once(.warning("\(address) sent what does not match the id; it is left alone for ten minutes"))
    case .served(let address, _, _, let bytes):
      return usual("\(address) has it all (\(Units.total(bytes)) from here)")
    case .trackerSilent(let address, let tries, let next): return silent(address, tries, next)
    case .trackerAnswered(let address):
      answering.insert(address)
      let text = "tracker \(address) answers again"
      // Who was not told of the silence need not be told of its end.
      return missed.remove(address) != nil ? .log(text) : .detail(text)
    case .registered(let address, _):
      answering.insert(address)
      let text = "tracker \(address) knows of it"
      // That its own tracker does goes without saying.
      return role == .sharing(tellsTrackers: true) ? .log(text) : .detail(text)
    case .trackerRefused(let address, let code, let message):
      let kind = TrackerError(rawValue: code).map { "\($0)" } ?? "code \(code)"
      return once(.warning("tracker \(address) refuses: \(kind)\(message.isEmpty ? "" : ", \(quoted(message))")"))
    case .withdrawn(_, let path): return .warning("\(escaped(path)) was changed or removed; it is not served any more")
    case .captureFailed(let reason): return .warning("the capture ends here: \(escaped(reason))")
    }
  }

  /// What who serves waits for, and who fetches does not.
  private func usual(_ text: String) -> Line {
    if case .sharing = role { return .log(text) }
    return .detail(text)
  }

  /// What matters, once, to a peer that wants something and has nobody else; others need not know.
  private mutating func lonely(_ text: String) -> Line? {
    if case .getting = role, sources == 0 { return once(.warning(text)) }
    return .detail(text)
  }

  private mutating func once(_ line: Line) -> Line? {
    guard case .warning(let text) = line else { return line }
    // Addresses are others' to invent, so what is remembered of them has an end.
    if told.count >= 1_000 { told.removeAll() }
    return told.insert(text).inserted ? line : nil
  }

  private mutating func silent(_ address: Address, _ tries: Int, _ next: Double) -> Line {
    let advice = sources > 0 ? "going on with \(counted(sources, "peer"))" : "does it run, is UDP \(address.port) open?"
    let text =
      "tracker \(address): no answer to \(tries == 1 ? "1 try" : "\(tries) tries"), "
      + "next in \(Units.remaining(next)); \(advice)"
    // A ticket may name a tracker by several addresses, of which not all need be reachable from here.
    if case .getting(let trackers) = role, trackers > 1, sources > 0 || !answering.isEmpty { return .detail(text) }
    // After 7 s, after a minute, and then every ten minutes.
    guard tries == 3 || tries == 6 || tries % 10 == 6 else { return .detail(text) }
    missed.insert(address)
    return .warning(text)
  }
}

extension Session {
  func tell(_ line: PeerNews.Line?) {
    switch line {
    case .log(let text): log(text)
    case .detail(let text): if console.verbosity == .verbose { log(text) }
    case .warning(let text): warning(text)
    case nil: break
    }
  }
}
