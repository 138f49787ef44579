import Glibc
import ShoalContent
import ShoalWire

// Safety: the text is copied at once.

/// Why this machine does not send to an address, and what its user can do about it.
package struct SendRefusal: CustomStringConvertible {
  private let code: Int32
  private let address: Address
  private let limit: (mtu: Int, interface: String)?

  /// Interprets the system's `errno` for a datagram to `address`; `limit` is the largest packet that the route there
  /// takes, if that is known.
  package init(_ code: Int32, towards address: Address, limit: (mtu: Int, interface: String)? = nil) {
    self.code = code
    self.address = address
    self.limit = limit
  }

  /// The cause and the remedy, as the middle of a sentence: "this machine has no route to it (is it online?)".
  package var description: String {
    switch code {
    case EMSGSIZE: tooLarge
    case EPERM: "a firewall of this machine refuses it: allow UDP to port \(address.port) to leave"
    case EACCES: "it is a broadcast address, or a route of this machine prohibits it"
    case ENETUNREACH, EHOSTUNREACH:
      "this machine has no route to it (is \(address.isIPv4 ? "it online" : "IPv6 in use here")?)"
    case ENETDOWN: "this machine's network is down"
    case EINVAL where address.isLinkLocal && address.scope == 0:
      "a link-local address needs the interface that it is on, as in [\(address.host)%eth0]:\(address.port)"
    case ENODEV, ENXIO: "its interface is gone from this machine"
    case EINVAL, EDESTADDRREQ: "this machine sends nothing to such addresses"
    case EAFNOSUPPORT where !address.isIPv4: "we listen at an IPv4 address, see the option listen"
    case EAFNOSUPPORT: "we listen at an IPv6 address, see the option listen"
    case EADDRNOTAVAIL: "this machine has no address from which to send there"
    default: unsafe String(cString: strerror(code))
    }
  }

  /// An OPEN has 1,200 bytes and must not be fragmented.
  private var tooLarge: String {
    let needed = Limits.smallestDatagram + (address.isIPv4 ? 28 : 48)
    guard let limit, limit.mtu < needed else { return "the path there takes only smaller packets" }
    let remedy = "raise it with 'ip link set dev \(limit.interface) mtu 1280'"
    return "\(limit.interface) here takes packets of \(limit.mtu) bytes, and \(needed) are needed: \(remedy)"
  }
}

extension Refusals {
  /// Why the latest datagram to `address` was not sent, in words; nil if it was.
  package func words(towards address: Address) -> String? {
    guard let code = code(towards: address) else { return nil }
    var limit: (mtu: Int, interface: String)?
    if code == EMSGSIZE, let mtu = LocalAddresses.mtu(towards: address),
      let own = LocalAddresses.source(towards: address)?.with(port: 0),
      let interface = LocalAddresses.all().first(where: { $0.address == own })?.interface
    {
      limit = (mtu, interface)
    }
    return SendRefusal(code, towards: address, limit: limit).description
  }
}
