/// What one direction of a link has done so far.
package struct LinkCounters: Sendable, Equatable {
  /// Datagrams offered to the link.
  package internal(set) var offered = 0
  /// Bytes of IP in the datagrams offered.
  package internal(set) var offeredBytes = 0
  /// Datagrams longer than the MTU.
  package internal(set) var droppedMTU = 0
  /// Datagrams that found the queue full.
  package internal(set) var droppedQueue = 0
  /// Datagrams that met an outage.
  package internal(set) var droppedOutage = 0
  /// Datagrams lost.
  package internal(set) var droppedLoss = 0
  /// Datagrams damaged.
  package internal(set) var corrupted = 0
  /// Datagrams delivered twice.
  package internal(set) var duplicated = 0
  /// Copies held back for others to overtake them.
  package internal(set) var reordered = 0
  /// Bytes of IP in the datagrams that passed, without second copies.
  package internal(set) var bytes = 0

  /// Counters of a link that has done nothing yet.
  package init() {}

  /// Datagrams that did not pass.
  package var dropped: Int { droppedMTU + droppedQueue + droppedOutage + droppedLoss }
  /// Datagrams that passed, without second copies.
  package var delivered: Int { offered - dropped }
}
