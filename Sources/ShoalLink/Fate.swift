import ShoalBase

/// What a link does with one datagram.
package enum Fate: Sendable, Equatable {
  /// It is dropped.
  case dropped(Drop)
  /// It arrives, once or twice.
  case delivered(Delivery)

  /// Why a datagram is dropped.
  package enum Drop: Sendable, Equatable {
    /// Longer than the MTU.
    case mtu
    /// The queue for the line of a fixed rate was full.
    case queue
    /// The link was down.
    case outage
    /// The link lost it.
    case loss
  }

  /// When and how a datagram arrives.
  package struct Delivery: Sendable, Equatable {
    /// When it arrives; not before it was offered.
    package var release: Instant
    /// When its second copy arrives, perhaps before the first; nil if there is none.
    package var duplicate: Instant?
    /// What to damage in both copies before they are handed on; nil for nothing.
    package var corruption: Corruption?

    /// An arrival at `release`.
    package init(release: Instant, duplicate: Instant? = nil, corruption: Corruption? = nil) {
      self.release = release
      self.duplicate = duplicate
      self.corruption = corruption
    }
  }
}
