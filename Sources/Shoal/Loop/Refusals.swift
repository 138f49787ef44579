import ShoalWire

/// The addresses to which the system refused to send the latest datagram, with its `errno`.
package struct Refusals {
  /// The most addresses that are remembered; beyond that, all are forgotten. They only serve to explain what is wrong,
  /// for which a few are enough.
  private static let limit = 1_024
  private var codes: [Address: Int32] = [:]

  package init() {}

  /// Notes that the system refused a datagram to `address`.
  mutating func note(_ code: Int32, towards address: Address) {
    if codes.count >= Self.limit, codes[address] == nil { codes.removeAll() }
    codes[address] = code
  }

  /// Notes that the system took a datagram to `address`.
  mutating func clear(_ address: Address) {
    if !codes.isEmpty { codes[address] = nil }
  }

  /// The `errno` of the refusal; nil if the latest datagram was taken.
  package func code(towards address: Address) -> Int32? { codes.isEmpty ? nil : codes[address] }
}
