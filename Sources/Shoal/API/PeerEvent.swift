import ShoalContent
import ShoalWire

/// What a peer reports besides the progress of its downloads. Names, reasons and messages come from others and are not
/// to be trusted.
public enum PeerEvent: Sendable {
  /// A connection is open; `byPeer` if the other side asked for it.
  case connected(Address, byPeer: Bool)
  /// An open connection has ended; `byPeer` if the other side ended it.
  case disconnected(Address, CloseReason, byPeer: Bool)
  /// An address did not answer; it will be tried again. `refusal` says why the system did not even send, if it gave a
  /// reason.
  case unreachable(Address, refusal: String?)
  /// A peer speaks only these versions of the protocol.
  case otherVersion(Address, ClosedRange<UInt8>)
  /// A peer does not serve a file.
  case refused(Address, id: Digest)
  /// A peer sent what does not fit a file's id, which the lie proves, and is left alone for ten minutes.
  case distrusted(Address, id: Digest, Lie)
  /// A peer has all of a file, this many bytes of it from here.
  case served(Address, id: Digest, name: String, bytes: UInt64)
  /// A peer no longer wants a file of which it does not have all; this many bytes of it came from here.
  case left(Address, id: Digest, name: String, bytes: UInt64)
  /// The name of a tracker or a peer cannot be resolved, for the reason given; it is tried again after `pause`.
  case unresolved(String, pause: Duration)
  /// A tracker has not answered this many tries; another goes out now, the next after `pause`. `refusal` says why the
  /// system did not even send, if it gave a reason.
  case trackerSilent(Address, tries: Int, pause: Duration, refusal: String?)
  /// A tracker answers again.
  case trackerAnswered(Address)
  /// A tracker knows that a file is here.
  case registered(Address, id: Digest)
  /// A tracker refuses a request.
  case trackerRefused(Address, TrackerRefusal, message: String)
  /// A ticket names this many trackers beyond those that are asked.
  case trackersLeftOut(Int)
  /// A shared file is no longer served: it was changed (the error's code is `changed`), or can no longer be read.
  case withdrawn(id: Digest, path: String, ShoalError)
  /// The journal of a part is not believed, for the reason given; what is there of the file is verified.
  case journalSetAside(path: String, String)
  /// The capture or the qlog can no longer be written.
  case captureFailed(String)
  /// This many events are left out here, as they came faster than they were read.
  case omitted(count: Int)
}

/// Why a connection ended.
public struct CloseReason: Hashable, Sendable {
  /// What kind of reason it is.
  public enum Kind: Hashable, Sendable, CustomStringConvertible {
    /// Nothing more is wanted.
    case done
    /// The peer is stopping, or no longer serves a file.
    case goingAway
    /// A packet or message broke the protocol.
    case protocolError
    /// Nothing was heard for half a minute.
    case idle
    /// The peer has as many connections as it accepts.
    case busy
    /// The peer has lost what it knew of the connection.
    case reset
    /// What was sent does not match the file's id.
    case badContent
    /// There is another connection with the same peer.
    case duplicate
    /// A reason that this version does not know.
    case other(code: Int)

    /// The name in Protocol.md, such as `going_away`.
    public var description: String {
      switch self {
      case .done: "\(CloseCode.done)"
      case .goingAway: "\(CloseCode.goingAway)"
      case .protocolError: "\(CloseCode.protocolError)"
      case .idle: "\(CloseCode.idle)"
      case .busy: "\(CloseCode.busy)"
      case .reset: "\(CloseCode.reset)"
      case .badContent: "\(CloseCode.badContent)"
      case .duplicate: "\(CloseCode.duplicate)"
      case .other(let code): CloseCode(rawValue: UInt16(clamping: code)).map { "\($0)" } ?? "\(code)"
      }
    }
  }

  /// What kind of reason it is.
  public var kind: Kind
  /// The words of whoever ended it, if it gave any; where nothing was heard, why the system did not send.
  public var message: String?

  package init(_ kind: Kind, _ message: String? = nil) { (self.kind, self.message) = (kind, message) }

  init(code: UInt16, _ message: String) {
    kind =
      switch CloseCode(rawValue: code) {
      case .done: .done
      case .goingAway: .goingAway
      case .protocolError: .protocolError
      case .idle: .idle
      case .busy: .busy
      case .reset: .reset
      case .badContent: .badContent
      case .duplicate: .duplicate
      case .unreachable, .version, nil: .other(code: Int(code))
      }
    self.message = message.isEmpty ? nil : message
  }
}
