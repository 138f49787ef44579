/// One host, for budgets that hosts share: an IPv4 address, or the /64 network of an IPv6 one, since a
/// host may use any number of addresses in it. Ports do not count: one host has 65,535 of them.
public struct HostKey: Hashable, Sendable, BitwiseCopyable {
  private let high: UInt64
  private let low: UInt64

  /// The host that has this address.
  public init(_ address: Address) {
    high = address.high
    low = address.isIPv4 ? address.low : 0
  }
}
