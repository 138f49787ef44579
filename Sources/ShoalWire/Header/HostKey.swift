/// What stands for one host where budgets are shared out: an IPv4 address, or the /64 network of an IPv6 one, since a
/// host may take as many addresses as it likes there. Ports are no hosts: one host has 65,535 of them.
public struct HostKey: Hashable, Sendable, BitwiseCopyable {
  private let high: UInt64
  private let low: UInt64

  /// The host that has this address.
  public init(_ address: Address) {
    high = address.high
    low = address.isIPv4 ? address.low : 0
  }
}
