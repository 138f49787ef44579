import Shoal
import ShoalContent
import ShoalTerminal
import ShoalWire

/// Puts a peer's events into words.
struct PeerNews {
  /// The kind of peer whose events these are.
  enum Role: Equatable {
    /// A peer that serves a file: its user wants to know who comes and goes.
    case sharing(tellsTrackers: Bool)
    /// A peer that fetches a file and knows this many trackers.
    case getting(trackers: Int)
  }

  /// A line and its importance.
  enum Line: Equatable {
    case log(String)
    case detail(String)
    /// A warning with its kind, for programs.
    case warning(String, code: String)
  }

  private let role: Role
  /// The peers that serve what is wanted here.
  private var sources = 0
  private var answering: Set<Address> = []
  /// Peers that have been connected: no firewall blocks them.
  private var met: Set<Address> = []
  private var said: Set<String> = []
  /// What peers had that have left and whose connections are about to end.
  private var leaving: [Address: String] = [:]
  /// The trackers about whose silence there was a warning.
  private var missed: Set<Address> = []

  init(_ role: Role) { self.role = role }

  /// The line for an event, if it is worth one, while this many peers serve what is wanted here.
  mutating func line(for event: PeerEvent, sources: Int = 0) -> Line? {
    self.sources = sources
    return line(for: event)
  }

  private mutating func line(for event: PeerEvent) -> Line? {
    switch event {
    case .connected(let address, let byPeer):
      if met.count >= PeerNews.memory { met.removeAll() }
      met.insert(address)
      return usual(byPeer ? "\(address) connected" : "connected to \(address)")
    case .disconnected(let address, let reason, let byPeer): return gone(address, reason, byPeer)
    case .unreachable(let address, let refusal):
      if let refusal {
        return lonely("nothing can be sent to \(address): \(commandWords(refusal)); trying again", "unreachable")
      }
      let advice = met.contains(address) ? "" : ": does it run, is UDP \(address.port) open?"
      let answers = met.contains(address) ? "no longer answers" : "does not answer"
      return lonely("\(address) \(answers); trying again\(advice)", "unreachable")
    case .otherVersion(let address, let versions):
      return once(.warning("\(address) \(otherVersion(versions))", code: "version"))
    case .trackerVersion(let address, let versions):
      return once(.warning("tracker \(address) \(otherVersion(versions))", code: "version"))
    case .refused(let address, let id): return lonely("\(address) does not serve \(id.short)", "refused")
    case .distrusted(let address, _, let lie):
      let text = "\(address) sent data that does not match the id (\(lie)); leaving it alone for a day"
      return once(.warning(text, code: "distrusted"))
    case .served(let address, _, _, let bytes):
      guard bytes > 0 else { return .detail("\(address) fetched nothing from here") }
      return usual("\(address) has it all (\(Units.total(bytes)) from here)")
    case .left(let address, _, _, let bytes):
      // The reason follows when the connection ends.
      if leaving.count >= PeerNews.memory { leaving.removeAll() }
      leaving[address] = "\(Units.total(bytes)) from here"
      return nil
    case .unresolved(let reason, let pause):
      return once(.warning("\(reason); looking it up again in \(Units.remaining(pause.inSeconds))", code: "unresolved"))
    case .trackerSilent(let address, let tries, let pause, let refusal):
      return silent(address, tries, pause.inSeconds, refusal.map(commandWords))
    case .trackerAnswered(let address):
      answering.insert(address)
      let text = "tracker \(address) answers again"
      // If the silence was not reported, neither is its end.
      return missed.remove(address) != nil ? .log(text) : .detail(text)
    case .registered(let address, _):
      answering.insert(address)
      let text = "tracker \(address) knows the file"
      // A peer's own tracker is expected to answer.
      return role == .sharing(tellsTrackers: true) ? .log(text) : .detail(text)
    case .trackerRefused(let address, let reason, let message):
      let text = "tracker \(address) refuses: \(reason)\(message.isEmpty ? "" : ", \(quoted(message))")"
      return once(.warning(text, code: "tracker_refused"))
    case .trackersLeftOut(let count):
      let most = Peer.ticketTrackers
      let text = "the ticket names \(most + count) trackers; asking the first \(most)"
      return once(.warning(text, code: "trackers_left_out"))
    case .withdrawn(_, _, let error), .withheld(_, _, let error):
      return .warning(harmless(error.inFlags), code: error.code.rawValue)
    case .omitted(let count): return usual("\(counted(count, "event")) omitted here: too many to show")
    case .journalSetAside(let path, let fault):
      return .warning("\(escaped(path)) \(fault); checking what is there", code: "journal")
    case .captureFailed(let reason): return .warning("the capture ends here: \(escaped(reason))", code: "capture")
    }
  }

  private func otherVersion(_ versions: ClosedRange<UInt8>) -> String {
    let first = versions.lowerBound
    let theirs = versions.count == 1 ? "version \(first)" : "versions \(first) to \(versions.upperBound)"
    let remedy = first > Limits.version ? "update this shoal" : "theirs needs an update"
    return "speaks \(theirs), we speak \(Limits.version); \(remedy)"
  }

  /// The line for an ended connection. For a peer that fetches, it is news only if that was the last source, and did
  /// not end normally.
  private mutating func gone(_ address: Address, _ reason: CloseReason, _ byPeer: Bool) -> Line? {
    let kind = reason.kind
    let message = reason.message
    let had = leaving.removeValue(forKey: address)
    let cause =
      switch kind {
      case .idle:
        "nothing was heard from it" + (message.map { ", and nothing can be sent to it: \(commandWords($0))" } ?? "")
      case .goingAway where message == nil: "it was stopped"
      default: kind.words + (message.map { ", \(quoted($0))" } ?? "")
      }
    if kind == .duplicate { return .detail("\(address) is another address of a peer that is connected") }
    if case .sharing = role, let had {
      let cause = kind == .done ? "it wants nothing more" : cause
      return .log("\(address) \(kind == .idle ? "lost" : "left"): \(cause) (\(had))")
    }
    if kind == .done { return .detail("\(address) left: \(cause)") }
    // Whatever closed the connection here reports the reason itself.
    if kind == .goingAway, !byPeer { return .detail("disconnected from \(address)") }
    // The peer that has gone may still be counted among the sources.
    sources = max(sources - 1, 0)
    let event = kind == .badContent && !byPeer ? "disconnected from \(address)" : "\(address) left"
    return lonely("\(event): \(cause)", "disconnected")
  }

  /// A line that matters to a peer that serves, and not to one that fetches.
  private func usual(_ text: String) -> Line {
    if case .sharing = role { return .log(text) }
    return .detail(text)
  }

  /// A line for a peer that wants something and has no other source, once; otherwise a detail.
  private mutating func lonely(_ text: String, _ code: String) -> Line? {
    if case .getting = role, sources == 0 { return once(.warning(text, code: code)) }
    return .detail(text)
  }

  private mutating func once(_ line: Line) -> Line? {
    guard case .warning(let text, _) = line else { return line }
    if said.count >= PeerNews.memory { said.removeAll() }
    return said.insert(text).inserted ? line : nil
  }

  private mutating func silent(_ address: Address, _ tries: Int, _ next: Double, _ refusal: String?) -> Line {
    let advice = sources > 0 ? "going on with \(counted(sources, "peer"))" : "does it run, is UDP \(address.port) open?"
    let wait = "next in \(Units.remaining(next))"
    let text =
      refusal.map { "nothing can be sent to tracker \(address): \($0); \(wait)" }
      ?? "tracker \(address): no answer to \(tries == 1 ? "1 try" : "\(tries) tries"), \(wait); \(advice)"
    // A ticket may name a tracker by several addresses, not all of which need be reachable from here.
    if case .getting(let trackers) = role, trackers > 1, sources > 0 || !answering.isEmpty { return .detail(text) }
    // Warn after 7 s, after a minute, and then every ten minutes.
    guard tries == 3 || tries == 6 || tries % 10 == 6 else { return .detail(text) }
    missed.insert(address)
    return .warning(text, code: "tracker_silent")
  }

  /// The most addresses that are remembered, as others may invent any number of them.
  private static let memory = 1_000
}

extension CloseReason.Kind {
  /// `bad content`, or `code 17`.
  fileprivate var words: String {
    let name = "\(self)"
    return name.allSatisfy(\.isNumber) ? "code \(name)" : name.replacing("_", with: " ")
  }
}

extension Session {
  func tell(_ line: PeerNews.Line?) {
    switch line {
    case .log(let text): log(text)
    case .detail(let text): if console.verbosity == .verbose { log(text) }
    case .warning(let text, let code): warning(text, code: code)
    case nil: break
    }
  }
}
