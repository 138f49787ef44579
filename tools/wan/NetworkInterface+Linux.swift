import CShoalWan
import Glibc

// Safety: each request is a local that lives until the call returns; the name fits, which is checked, and an address
// has as many bytes as its field.

/// A network interface of the namespace that this thread is in.
struct NetworkInterface {
  let name: String

  init(_ name: String) { self.name = name }

  /// Brings it up.
  func bringUp() throws(Failure) {
    var request = unsafe try self.request()
    unsafe try control(SIOCGIFFLAGS, &request)
    unsafe request.ifr_ifru.ifru_flags |= Int16(IFF_UP)
    unsafe try control(SIOCSIFFLAGS, &request)
  }

  /// Sets its MTU, in bytes.
  func setMTU(_ mtu: Int) throws(Failure) {
    var request = unsafe try self.request()
    unsafe request.ifr_ifru.ifru_mtu = Int32(mtu)
    unsafe try control(SIOCSIFMTU, &request)
  }

  /// Sets the length of its queue, in packets.
  func setQueue(_ packets: Int) throws(Failure) {
    var request = unsafe try self.request()
    unsafe request.ifr_ifru.ifru_ivalue = Int32(packets)
    unsafe try control(SIOCSIFTXQLEN, &request)
  }

  /// Gives it an address, and a route to those with the same prefix.
  func add(_ address: InterfaceAddress) throws(Failure) {
    switch address.kind {
    case .ipv4(let bytes):
      var request = unsafe try self.request()
      unsafe try setIPv4(&request, bytes)
      unsafe try control(SIOCSIFADDR, &request)
      unsafe try setIPv4(&request, InterfaceAddress.mask(address.prefix))
      unsafe try control(SIOCSIFNETMASK, &request)
    case .ipv6(let bytes):
      var request = shoal_in6_ifreq()
      unsafe withUnsafeMutableBytes(of: &request.address) { unsafe $0.copyBytes(from: bytes) }
      request.prefix_length = UInt32(address.prefix)
      request.interface = unsafe Int32(if_nametoindex(name))
      unsafe try control(SIOCSIFADDR, &request, family: AF_INET6)
    }
  }

  /// The packets that it dropped instead of sending; nil if unknown.
  func droppedOnSending() -> Int? {
    for row in SystemTable("/proc/thread-self/net/dev") where row.count >= 13 && row[0] == name {
      // Name, eight columns of what was received, then bytes, packets, errors and drops of what was sent.
      return Int(row[12])
    }
    return nil
  }

  /// Whether all its IPv6 addresses may be used, as they may be a moment after they were assigned.
  var isSettled: Bool {
    // Address, index, prefix, scope, flags, name; 0x40 is IFA_F_TENTATIVE.
    SystemTable("/proc/thread-self/net/if_inet6").allSatisfy { row in
      row.count < 6 || row[5] != name || (Int(row[4], radix: 16) ?? 0) & 0x40 == 0
    }
  }

  private func request() throws(Failure) -> ifreq {
    guard !name.isEmpty, name.utf8.count < Int(IFNAMSIZ) else { throw Failure("\(name): not a name for a device") }
    var request = unsafe ifreq()
    unsafe withUnsafeMutableBytes(of: &request.ifr_ifrn) { unsafe $0.copyBytes(from: name.utf8) }
    return unsafe request
  }

  private func setIPv4(_ request: inout ifreq, _ bytes: [UInt8]) throws(Failure) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    unsafe withUnsafeMutableBytes(of: &address.sin_addr) { unsafe $0.copyBytes(from: bytes) }
    unsafe withUnsafeMutableBytes(of: &request.ifr_ifru) { target in
      unsafe withUnsafeBytes(of: &address) { unsafe target.copyMemory(from: $0) }
    }
  }

  private func control(_ code: Int32, _ request: UnsafeMutableRawPointer, family: Int32 = AF_INET) throws(Failure) {
    let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(system: name) }
    defer { close(descriptor) }
    guard unsafe shoal_ioctl(descriptor, UInt(code), request) == 0 else { throw Failure(system: name) }
  }
}
