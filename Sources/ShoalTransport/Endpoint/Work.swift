/// The cost of the loop's work, in bytes that could have been sent meanwhile: about a nanosecond each.
///
/// Nothing is measured, so that a run in virtual time is the same each time.
package enum Work {
  /// A datagram, not counting its bytes: its header, its checksum and its share of a system call.
  package static let datagram = 1_024
  /// A requested range: it is looked up and queued, read by a call of its own, and sent in a datagram of its own.
  package static let range = 2_048
  /// A waiting range that is examined.
  package static let lookedAt = 16
  /// What a connection may cost before the next has its turn: 64 full datagrams of Ethernet, so that batches stay
  /// whole.
  static let quantum = 64 * (1_472 + datagram)
  /// The most that a connection can owe for work that it caused; its turns are skipped until that is paid.
  static let mostDebt = 64 * quantum
}
