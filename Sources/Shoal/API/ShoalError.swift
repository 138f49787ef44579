import ShoalContent
import ShoalWire

/// An error in words for people: what failed, why, and the remedy where there is one.
///
/// Everything in Shoal that throws throws this, except `Peer.run` and `Tracker.run`, which rethrow whatever their body
/// throws.
public struct ShoalError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of fault it is; stable, for programs.
  public enum Code: String, Sendable {
    /// The ticket cannot be read.
    case badTicket = "bad_ticket"
    /// What should be a folder's listing is not one, or is one that must not be restored.
    case badListing = "bad_listing"
    /// An address or host name is wrong or unknown.
    case badAddress = "bad_address"
    /// The value of an option is out of range.
    case badOption = "bad_option"
    /// A file, or a stream that is to be shared, cannot be read, written or examined.
    case file = "file"
    /// The system provides no socket or no thread.
    case system = "system"
    /// The destination exists and differs.
    case exists = "exists"
    /// There is no room for the file.
    case diskFull = "disk_full"
    /// The file is larger than the caller was willing to accept.
    case tooLarge = "too_large"
    /// Another program has the port.
    case portInUse = "port_in_use"
    /// No tracker knows the name or id.
    case unknownName = "unknown_name"
    /// A tracker refuses a question for some other reason.
    case trackerRefused = "tracker_refused"
    /// A peer speaks no version of the protocol that this one does.
    case version = "version"
    /// A file was changed while it was being read.
    case changed = "changed"
    /// Nothing of the file arrived for as long as the caller was willing to wait.
    case unavailable = "unavailable"
    /// The peer or the download was stopped, or the waiting task was cancelled.
    case stopped = "stopped"
  }

  /// An option of `Peer.Options` or `Tracker.Options`.
  public enum Option: String, Sendable {
    /// Where to listen.
    case listen
    /// The trackers that are told of every file.
    case trackers
    /// The most packets in flight.
    case window
    /// The largest packet.
    case mtu
    /// The bad link.
    case link
    /// The record of all datagrams.
    case capture
    /// The record of what the transport decides.
    case qlog
    /// The most bytes of unverified pieces.
    case memory
    /// The most bytes that are sent in a second.
    case maxUpload
    /// The most bytes that are requested in a second.
    case maxDownload
    /// The most connections.
    case maxPeers
    /// The file in which a tracker keeps its registrations.
    case state
    /// How often peers register with a tracker.
    case interval
    /// The threads of a tracker.
    case workers
  }

  /// What the caller can do before trying again.
  public enum Remedy: String, Sendable {
    /// Another destination.
    case otherDestination = "choose another destination"
    /// A destination that includes a file name: the name that peers give the file cannot be used.
    case namedDestination = "choose a destination that names the file"
    /// Another destination, or `force`.
    case otherDestinationOrForce = "choose another destination, or use force"
    /// To remove what is at the destination, or to choose another destination.
    case removeOrOtherDestination = "remove it, or choose another destination"
    /// To remove what is at the destination, to choose another destination, or to use `force`.
    case removeOtherDestinationOrForce = "remove it, choose another destination, or use force"
    /// To wait until another program has finished with the file, or to choose another destination.
    case waitOrOtherDestination = "wait for it, or choose another destination"
    /// Another file to record to, or `force`.
    case otherRecordOrForce = "name another file, or replace it with force"
    /// Another port to listen at.
    case otherPort = "choose another port to listen at"
    /// Another address to listen at.
    case otherAddress = "choose another address to listen at"
    /// Another file for the tracker's state, or none of that name.
    case otherState = "choose another file, or remove this one"
  }

  /// What kind of fault it is.
  public var code: Code
  /// What is wrong, in one line.
  public var summary: String
  /// The option at fault, if any.
  public var option: Option?
  /// What the caller can do, if anything.
  public var remedy: Remedy?

  /// An error of this kind.
  public init(_ code: Code, _ summary: String, option: Option? = nil, remedy: Remedy? = nil) {
    self.code = code
    self.summary = summary
    self.option = option
    self.remedy = remedy
  }

  init(_ error: SystemError, option: Option? = nil, remedy: Remedy? = nil) {
    let code: Code =
      switch error.action {
      case _ where error.isDiskFull: .diskFull
      case _ where error.isInUse: .portInUse
      case .bind, .openSocket, .startThread, .wait: .system
      default: .file
      }
    let isLocked = error.isLocked
    self.init(
      code, "\(error)" + (remedy == nil ? error.remedy : ""), option: option,
      remedy: remedy ?? (isLocked ? .waitOrOtherDestination : nil))
  }

  /// Someone speaks only these versions of the protocol, and not ours.
  static func otherVersion(_ who: String, _ versions: ClosedRange<UInt8>) -> ShoalError {
    let (lowest, highest) = (versions.lowerBound, versions.upperBound)
    let theirs = lowest == highest ? "version \(lowest)" : "versions \(lowest) to \(highest)"
    let remedy = lowest > Limits.version ? "update this shoal" : "theirs needs an update"
    return ShoalError(.version, "\(who) speaks \(theirs), we speak \(Limits.version); \(remedy)")
  }

  static func closed(_ what: String = "the peer was closed") -> ShoalError { ShoalError(.stopped, what) }

  /// One line for people: what is wrong, with which option, and the remedy.
  public var message: String {
    message(option: option?.rawValue, summary, remedy: remedy?.rawValue)
  }

  /// The message, with the caller's own words for the option, the summary and the remedy.
  package func message(option: String?, _ summary: String, remedy: String?) -> String {
    // A summary that is a question is a sentence of its own.
    let joint = summary.hasSuffix("?") ? " " : "; "
    return (option.map { $0 + " " } ?? "") + summary + (remedy.map { joint + $0 } ?? "")
  }

  /// The message.
  public var description: String { message }
}
