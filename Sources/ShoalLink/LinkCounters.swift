/// What one direction of a link has done so far.
public struct LinkCounters: Sendable, Equatable {
  /// Datagrams offered to the link.
  public internal(set) var offered = 0
  /// Bytes of IP in the datagrams offered.
  public internal(set) var offeredBytes = 0
  /// Datagrams longer than the MTU.
  public internal(set) var droppedMTU = 0
  /// Datagrams that found the queue full.
  public internal(set) var droppedQueue = 0
  /// Datagrams that met an outage.
  public internal(set) var droppedOutage = 0
  /// Datagrams lost.
  public internal(set) var droppedLoss = 0
  /// Datagrams damaged.
  public internal(set) var corrupted = 0
  /// Datagrams sent on twice.
  public internal(set) var duplicated = 0
  /// Copies held back for others to overtake.
  public internal(set) var reordered = 0
  /// Bytes of IP in the datagrams that passed, a second copy not counted.
  public internal(set) var bytes = 0

  /// Nothing done.
  public init() {}

  /// Datagrams that did not pass.
  public var dropped: Int { droppedMTU + droppedQueue + droppedOutage + droppedLoss }
  /// Datagrams that passed, a second copy not counted.
  public var delivered: Int { offered - dropped }
}
