import Shoal
import ShoalBase
import ShoalContent
import ShoalTerminal
import ShoalWire
import Synchronization

/// A tracker's events as log lines; repeats within a minute are summed up in one line at its end.
struct TrackerLog {
  private struct Key: Hashable {
    var kind: String
    var peer: Address
    var id: Digest?
  }
  private struct Repeats {
    var count = 0
    var gained = 0
    var last: TrackerEvent
  }
  private var seen: [Key: Repeats] = [:]
  private var untold = 0

  /// The most kinds of event that are remembered of a minute: bounds memory and the log, whatever peers do.
  private static let limit = 1_000

  /// The lines for an event: often none.
  mutating func lines(for event: TrackerEvent) -> [String] {
    guard let key = TrackerLog.key(of: event) else {
      if case .omitted(let count) = event { untold += count }
      switch event {
      case .restored, .stateKept: return [TrackerLog.line(for: event)]
      default: return []
      }
    }
    guard var repeats = seen[key] else {
      guard seen.count < TrackerLog.limit else {
        untold += 1
        return []
      }
      seen[key] = Repeats(last: event)
      return [TrackerLog.line(for: event)]
    }
    repeats.last = event
    repeats.count += 1
    if case .updated(let peer, let id, let have, let chunks, let gained) = event {
      repeats.gained += gained
      if have == chunks {
        // When a peer has completed the file, that is logged at once.
        let whole = TrackerEvent.updated(peer: peer, id: id, have: have, chunks: chunks, gained: repeats.gained)
        seen[key] = Repeats(last: whole)
        return [TrackerLog.line(for: whole)]
      }
    }
    seen[key] = repeats
    return []
  }

  /// The lines at the end of a minute; begins the next one.
  mutating func summary() -> [String] {
    var lines: [String] = []
    for repeats in seen.values where repeats.count > 0 {
      if case .updated(let peer, let id, let have, let chunks, _) = repeats.last {
        lines.append(
          TrackerLog.line(for: .updated(peer: peer, id: id, have: have, chunks: chunks, gained: repeats.gained)))
      } else {
        lines.append(TrackerLog.line(for: repeats.last) + " (\(Units.grouped(repeats.count)) times more)")
      }
    }
    if untold > 0 { lines.append(TrackerLog.line(for: .omitted(count: untold))) }
    (seen, untold) = ([:], 0)
    return lines.sorted()
  }

  private static func key(of event: TrackerEvent) -> Key? {
    switch event {
    case .registered(let peer, let id, _, _, _): Key(kind: "registered", peer: peer, id: id)
    case .updated(let peer, let id, _, _, _): Key(kind: "updated", peer: peer, id: id)
    case .deregistered(let peer, let id): Key(kind: "deregistered", peer: peer, id: id)
    case .expired(let peer, let id, _): Key(kind: "expired", peer: peer, id: id)
    // A host whose registrations are displaced gets one line, whatever its ports.
    case .displaced(let peer, _): Key(kind: "displaced", peer: peer.with(port: 0), id: nil)
    case .omitted, .captureFailed, .restored, .stateFailed, .stateKept: nil
    // A host that tries ports or ids at random gets one line.
    case .refused(let peer, _, let error, _): Key(kind: "\(error)", peer: peer.with(port: 0), id: nil)
    }
  }

  /// A word padded to fill the first column.
  static func word(_ word: String) -> String { word + String(repeating: " ", count: max(1, 12 - word.count)) }

  static func line(for event: TrackerEvent) -> String {
    switch event {
    case .registered(let peer, let id, let name, let have, let chunks):
      "\(word("register"))\(peer) \(id.short) \(quoted(name)) \(have)/\(chunks)"
    case .updated(let peer, let id, let have, let chunks, let gained):
      "\(word("update"))\(peer) \(id.short) \(have)/\(chunks) (+\(gained))"
    case .deregistered(let peer, let id): "\(word("deregister"))\(peer) \(id.short)"
    case .expired(let peer, let id, let silence):
      "\(word("expire"))\(peer) \(id.short) silent \(Units.grouped(silence.components.seconds)) s"
    case .displaced(let peer, let id): "\(word("displace"))\(peer) \(id.short) its host has most, others need room"
    case .omitted(let count): "\(word("more"))\(counted(count, "event"))"
    case .restored(let files, let registrations):
      "\(word("restored"))\(counted(registrations, "registration")) of \(counted(files, "file"))"
    case .captureFailed, .stateFailed: warning(for: event)?.text ?? ""
    case .stateKept(let path): "\(word("state"))\(escaped(path)) has all registrations again"
    case .refused(let peer, let request, let error, let message):
      "\(word("refuse"))\(peer) \(request) \(error)\(message.isEmpty ? "" : " \(quoted(message))")"
    }
  }

  /// What is said however little is to be said, and its kind.
  static func warning(for event: TrackerEvent) -> (text: String, code: String)? {
    switch event {
    case .captureFailed(let reason): ("the capture ends here: \(escaped(reason))", "capture")
    case .stateFailed(let reason): (harmless(reason), "state")
    default: nil
    }
  }

  static func object(for event: TrackerEvent) -> JSON {
    switch event {
    case .registered(let peer, let id, let name, let have, let chunks):
      [
        "event": "registered", "peer": .string("\(peer)"), "id": .string(id.hex), "name": .string(name),
        "have": .int(have), "chunks": .int(chunks),
      ]
    case .updated(let peer, let id, let have, let chunks, let gained):
      [
        "event": "updated", "peer": .string("\(peer)"), "id": .string(id.hex), "have": .int(have),
        "chunks": .int(chunks), "gained": .int(gained),
      ]
    case .deregistered(let peer, let id):
      ["event": "deregistered", "peer": .string("\(peer)"), "id": .string(id.hex)]
    case .expired(let peer, let id, let silence):
      [
        "event": "expired", "peer": .string("\(peer)"), "id": .string(id.hex),
        "silence": .double(silence.inSeconds),
      ]
    case .displaced(let peer, let id):
      ["event": "displaced", "peer": .string("\(peer)"), "id": .string(id.hex)]
    case .omitted(let count): ["event": "omitted", "events": .int(count)]
    case .restored(let files, let registrations):
      ["event": "restored", "files": .int(files), "registrations": .int(registrations)]
    case .captureFailed, .stateFailed:
      ["event": "warning", "message": .string(line(for: event)), "code": .string(warning(for: event)?.code ?? "")]
    case .stateKept(let path): ["event": "state_kept", "path": .string(path)]
    case .refused(let peer, let request, let error, let message):
      [
        "event": "refused", "peer": .string("\(peer)"), "request": .string("\(request)"), "code": .string("\(error)"),
        "message": .string(message),
      ]
    }
  }
}

/// A log that two tasks write to.
final class SharedLog: Sendable {
  private let log = Mutex(TrackerLog())

  func lines(for event: TrackerEvent) -> [String] { log.withLock { $0.lines(for: event) } }
  func summary() -> [String] { log.withLock { $0.summary() } }
}
