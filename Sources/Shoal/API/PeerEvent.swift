import ShoalContent
import ShoalWire

/// What a peer reports apart from the progress of its downloads. Names, reasons and messages come from others and are
/// not to be trusted.
public enum PeerEvent: Sendable {
  /// A connection is open; `byPeer` if the other side asked for it.
  case connected(Address, byPeer: Bool)
  /// An open connection has ended; `byPeer` if the other side ended it.
  case disconnected(Address, CloseReason, byPeer: Bool)
  /// An address did not answer; it will be tried again. `refusal` is the system's reason if it refused to send at all.
  case unreachable(Address, refusal: String?)
  /// A peer speaks only these versions of the protocol, and not ours.
  case otherVersion(Address, ClosedRange<UInt8>)
  /// A peer does not serve a file.
  case refused(Address, id: Digest)
  /// A peer provably sent content that does not match the file's id, and is left alone for a day.
  case distrusted(Address, id: Digest, Lie)
  /// A peer has completed a file, with this many bytes of it from here.
  case served(Address, id: Digest, name: String, bytes: UInt64)
  /// A peer stopped fetching a file before it was complete; this many bytes of it came from here.
  case left(Address, id: Digest, name: String, bytes: UInt64)
  /// The name of a tracker or peer cannot be resolved, for the reason given; another attempt follows after `pause`.
  case unresolved(String, pause: Duration)
  /// A tracker has not answered this many requests in a row; another is sent now, the next after `pause`. `refusal` is
  /// the system's reason if it refused to send at all.
  case trackerSilent(Address, tries: Int, pause: Duration, refusal: String?)
  /// A tracker speaks only these versions of the protocol, and not ours. It is asked again after a minute; others are
  /// asked meanwhile.
  case trackerVersion(Address, ClosedRange<UInt8>)
  /// A tracker answers again.
  case trackerAnswered(Address)
  /// A tracker knows that a file is here.
  case registered(Address, id: Digest)
  /// A tracker refuses a request.
  case trackerRefused(Address, TrackerRefusal, message: String)
  /// A ticket names this many more trackers than are asked.
  case trackersLeftOut(Int)
  /// A shared file is no longer served: it was changed (the error's code is `changed`), or can no longer be read.
  case withdrawn(id: Digest, path: String, ShoalError)
  /// A file in a shared folder, named by its path, has changed or can no longer be read. It is no longer served, nor
  /// are files in the same pieces; the rest of the folder still is.
  case withheld(id: Digest, path: String, ShoalError)
  /// The journal of a part is not relied on, for the reason given; the part is verified instead.
  case journalSetAside(path: String, String)
  /// The capture or the qlog can no longer be written, for the reason given.
  case captureFailed(String)
  /// This many events are left out here, because they came faster than they were read.
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
    /// The peer has lost the state of the connection.
    case reset
    /// What was sent does not match the file's id.
    case badContent
    /// There is another connection to the same peer.
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
  /// The message of the side that ended it, if it sent one; if nothing was heard, the reason why the system did not
  /// send.
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
