import CShoalWan
import Glibc

/// A network interface of the namespace in which this thread is.
struct NetworkInterface {
  let name: String

  init(_ name: String) { self.name = name }

  /// Marks it up.
  func bringUp() throws(Failure) {
    var request = try self.request()
    try control(UInt(SIOCGIFFLAGS), &request)
    request.ifr_ifru.ifru_flags |= Int16(IFF_UP)
    try control(UInt(SIOCSIFFLAGS), &request)
  }

  /// Sets its longest packet, in bytes of IP.
  func setMTU(_ mtu: Int) throws(Failure) {
    var request = try self.request()
    request.ifr_ifru.ifru_mtu = Int32(mtu)
    try control(UInt(SIOCSIFMTU), &request)
  }

  /// Sets how many packets it holds for whoever is to take them.
  func setQueue(_ packets: Int) throws(Failure) {
    var request = try self.request()
    request.ifr_ifru.ifru_ivalue = Int32(packets)
    try control(UInt(SIOCSIFTXQLEN), &request)
  }

  /// Gives it an address, and a route to those with the same prefix.
  func add(_ address: InterfaceAddress) throws(Failure) {
    switch address.kind {
    case .ipv4(let bytes):
      var request = try self.request()
      try setIPv4(&request, bytes)
      try control(UInt(SIOCSIFADDR), &request)
      try setIPv4(&request, InterfaceAddress.mask(address.prefix))
      try control(UInt(SIOCSIFNETMASK), &request)
    case .ipv6(let bytes):
      var request = shoal_in6_ifreq()
      withUnsafeMutableBytes(of: &request.address) { $0.copyBytes(from: bytes) }
      request.prefix_length = UInt32(address.prefix)
      request.interface = Int32(if_nametoindex(name))
      try control(UInt(SIOCSIFADDR), &request, family: AF_INET6)
    }
  }

  /// Packets that it was to send and dropped.
  func droppedOnSending() -> Int? {
    guard let file = fopen("/proc/thread-self/net/dev", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let words = text.split { $0 == " " || $0 == ":" || $0 == "\n" }
      // Name, eight columns of what was received, then bytes, packets, errors and drops of what was sent.
      if words.count >= 13, words[0] == name { return Int(words[12]) }
    }
    return nil
  }

  private func request() throws(Failure) -> ifreq {
    guard !name.isEmpty, name.utf8.count < Int(IFNAMSIZ) else { throw Failure("\(name): not a name for a device") }
    var request = ifreq()
    withUnsafeMutableBytes(of: &request.ifr_ifrn) { $0.copyBytes(from: name.utf8) }
    return request
  }

  private func setIPv4(_ request: inout ifreq, _ bytes: [UInt8]) throws(Failure) {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
    withUnsafeMutableBytes(of: &request.ifr_ifru) { target in
      withUnsafeBytes(of: &address) { target.copyMemory(from: $0) }
    }
  }

  private func control(_ code: UInt, _ request: UnsafeMutableRawPointer, family: Int32 = AF_INET) throws(Failure) {
    let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(system: name) }
    defer { close(descriptor) }
    guard shoal_ioctl(descriptor, code, request) == 0 else { throw Failure(system: name) }
  }
}
