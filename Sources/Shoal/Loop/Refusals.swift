import ShoalWire

/// The addresses to which the system did not send the latest datagram, and its `errno`.
package struct Refusals {
  /// Beyond so many all are forgotten: they are for saying what is wrong, and a few say that.
  private static let limit = 1_024
  private var codes: [Address: Int32] = [:]

  package init() {}

  /// The system refused a datagram to `address`.
  mutating func note(_ code: Int32, towards address: Address) {
    if codes.count >= Self.limit, codes[address] == nil { codes.removeAll() }
    codes[address] = code
  }

  /// It took one.
  mutating func clear(_ address: Address) {
    if !codes.isEmpty { codes[address] = nil }
  }

  /// Nil if the latest datagram was taken.
  package func code(towards address: Address) -> Int32? { codes.isEmpty ? nil : codes[address] }
}
