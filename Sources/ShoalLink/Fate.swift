import ShoalBase

/// What a link does with one datagram.
public enum Fate: Sendable, Equatable {
  /// It is dropped.
  case dropped(Drop)
  /// It arrives, once or twice.
  case delivered(Delivery)

  /// Why a datagram is dropped.
  public enum Drop: Sendable, Equatable {
    /// Longer than the MTU.
    case mtu
    /// The queue before the rate was full.
    case queue
    /// The link was down.
    case outage
    /// The link lost it.
    case loss
  }

  /// When and how a datagram arrives.
  public struct Delivery: Sendable, Equatable {
    /// When it arrives; not before it was offered.
    public var release: Instant
    /// When its second copy arrives, perhaps before the first; nil: there is none.
    public var duplicate: Instant?
    /// What to damage before it is handed on, in both copies; nil: nothing.
    public var corruption: Corruption?

    /// An arrival at `release`.
    public init(release: Instant, duplicate: Instant? = nil, corruption: Corruption? = nil) {
      self.release = release
      self.duplicate = duplicate
      self.corruption = corruption
    }
  }
}
