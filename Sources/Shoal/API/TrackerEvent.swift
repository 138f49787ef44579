import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire

/// What a tracker did, for its log. Names and messages come from peers and are not to be trusted.
public enum TrackerEvent: Sendable, Hashable {
  /// A peer registered a file, or registered it again with a different cut; it has `have` of `chunks` chunks.
  case registered(peer: Address, id: Digest, name: String, have: Int, chunks: Int)
  /// A registered peer reported `gained` chunks that the tracker did not know it to have.
  case updated(peer: Address, id: Digest, have: Int, chunks: Int, gained: Int)
  /// A peer no longer serves a file.
  case deregistered(peer: Address, id: Digest)
  /// A registration ended after the peer had been silent for this long.
  case expired(peer: Address, id: Digest, silence: Duration)
  /// A registration ended because its host was using the most of a limited budget, and another host needed some.
  case displaced(peer: Address, id: Digest)
  /// A request was refused. Refusals to senders with an unproven address are only counted, so that nobody can flood the
  /// log.
  case refused(peer: Address, request: Request, reason: TrackerRefusal, message: String)
  /// This many events are left out here, because they came faster than they were read.
  case omitted(count: Int)
  /// The capture can no longer be written, for this reason; the tracker continues without it.
  case captureFailed(String)
  /// The tracker has restored its registrations from the state file.
  case restored(files: Int, registrations: Int)
  /// The state file is damaged or cannot be written, for this reason; the tracker continues, and tries again later.
  case stateFailed(String)
  /// The state file, of this path, has all registrations again.
  case stateKept(String)

  /// The types of request to a tracker.
  public enum Request: String, Sendable, Hashable {
    /// Proves the sender's address.
    case connect
    /// Registers a file of the sender's.
    case register
    /// Reports more chunks of a registered file.
    case update
    /// Which files have a given name.
    case find
    /// Who has a file.
    case lookup
    /// Which chunks a peer has.
    case map
    /// Ends the registration of a file.
    case deregister
  }

  init(_ event: RegistrarEvent) {
    switch event {
    case .registered(let peer, let id, let name, let have, let chunks):
      self = .registered(peer: peer, id: id, name: name, have: have, chunks: chunks)
    case .updated(let peer, let id, let have, let chunks, let gained):
      self = .updated(peer: peer, id: id, have: have, chunks: chunks, gained: gained)
    case .deregistered(let peer, let id): self = .deregistered(peer: peer, id: id)
    case .expired(let peer, let id, let silence):
      self = .expired(peer: peer, id: id, silence: .nanoseconds(silence))
    case .displaced(let peer, let id): self = .displaced(peer: peer, id: id)
    case .refused(let peer, let request, let error, let message):
      // Only requests are refused.
      let request = Request(rawValue: "\(request)") ?? .connect
      self = .refused(peer: peer, request: request, reason: TrackerRefusal(error), message: message)
    case .omitted(let count): self = .omitted(count: count)
    }
  }
}

/// Why a tracker refuses a request.
public enum TrackerRefusal: Sendable, Hashable, CustomStringConvertible {
  /// The proof of the sender's address is too old, or for another address; peers obtain a new one automatically.
  case staleCookie
  /// No peer has registered a file with that id or name.
  case unknownFile
  /// The sender has not registered that file.
  case notRegistered
  /// The request is not well-formed.
  case malformed
  /// The tracker, or the sender's share of it, is full.
  case full
  /// A reason that this version does not know.
  case other(code: Int)

  init(_ error: TrackerError) {
    self =
      switch error {
      case .staleCookie: .staleCookie
      case .unknownFile: .unknownFile
      case .notRegistered: .notRegistered
      case .malformed: .malformed
      case .full: .full
      }
  }

  init(code: UInt16) { self = TrackerError(rawValue: code).map(TrackerRefusal.init) ?? .other(code: Int(code)) }

  /// The name in Protocol.md, such as `unknown_file`.
  public var description: String {
    switch self {
    case .staleCookie: "\(TrackerError.staleCookie)"
    case .unknownFile: "\(TrackerError.unknownFile)"
    case .notRegistered: "\(TrackerError.notRegistered)"
    case .malformed: "\(TrackerError.malformed)"
    case .full: "\(TrackerError.full)"
    case .other(let code): "code \(code)"
    }
  }
}
