/// The cost of the loop's work, in the bytes that could be sent meanwhile: about a nanosecond each.
///
/// Nothing is measured, so that a run in virtual time is the same each time.
package enum Work {
  /// A datagram beside its bytes: its header, its checksum and its share of a system call.
  package static let datagram = 1_024
  /// A requested range: it is looked up and queued, read by a call of its own, and sent in a datagram of its own.
  package static let range = 2_048
  /// A range that waits and is looked at.
  package static let lookedAt = 16
  /// What a connection may cost before the next has its turn: 64 full datagrams of Ethernet, so that batches stay whole.
  static let quantum = 64 * (1_472 + datagram)
  /// What a connection can come to owe by what it makes us do: as many turns pass it by.
  static let mostDebt = 64 * quantum
}
