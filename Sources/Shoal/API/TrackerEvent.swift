import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalWire

/// What a tracker did, for its log. Names and messages come from peers and are not to be trusted.
public enum TrackerEvent: Sendable, Hashable {
  /// A peer registered a file, or registered it anew with a different cut; it has `have` of `chunks` chunks.
  case registered(peer: Address, id: Digest, name: String, have: Int, chunks: Int)
  /// A registered peer reported `gained` chunks that the tracker did not know it to have.
  case updated(peer: Address, id: Digest, have: Int, chunks: Int, gained: Int)
  /// A peer no longer serves a file.
  case deregistered(peer: Address, id: Digest)
  /// A registration ended after this long without a word from the peer.
  case expired(peer: Address, id: Digest, silence: Duration)
  /// A registration ended because its host takes up the most of a limited budget, and another host needed some of it.
  case displaced(peer: Address, id: Digest)
  /// A request was refused. Refusals to senders whose address is not proven are only counted, so that nobody can fill
  /// the log.
  case refused(peer: Address, request: Request, reason: TrackerRefusal, message: String)
  /// This many events are left out here, as they came faster than they were read.
  case omitted(count: Int)
  /// The capture cannot be written any more, for this reason; the tracker goes on without it.
  case captureFailed(String)

  /// What a tracker is asked to do or to tell.
  public enum Request: String, Sendable, Hashable {
    /// To let a peer prove its address.
    case connect
    /// To note that a peer has a file from now on.
    case register
    /// To note that the peer has more of it.
    case update
    /// Which files have a given name.
    case find
    /// Who has a file.
    case lookup
    /// Which chunks a peer has.
    case map
    /// To note that a peer no longer has a file.
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
  /// The proof of the sender's address is too old, or was for another address; the peer connects again by itself.
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
