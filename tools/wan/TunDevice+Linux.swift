import CShoalWan
import Glibc

// Safety: each request is a local that lives until the call returns; the name is cut to what fits.

/// A TUN device: what the namespace sends into it is ours to read, and the namespace receives what we write.
struct TunDevice {
  /// The packets that the device holds until they are read: more than a burst at any rate that the relay can carry.
  static let ring = 32_768

  let descriptor: Int32
  let name: String
  let namespace: Namespace

  /// A device in `namespace` that is up and has these addresses; it goes when its descriptor is closed.
  init(_ name: String, in namespace: Namespace, mtu: Int, addresses: [InterfaceAddress]) throws(Failure) {
    self.name = name
    self.namespace = namespace
    descriptor = try namespace.inside { () throws(Failure) in
      let descriptor = unsafe open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else {
        guard errno == ENOENT else { throw Failure(system: "/dev/net/tun") }
        throw Failure("/dev/net/tun is missing; load it with 'modprobe tun'")
      }
      do throws(Failure) {
        try TunDevice.configure(descriptor, name, mtu, addresses)
      } catch {
        close(descriptor)
        throw error
      }
      return descriptor
    }
  }

  private static func configure(
    _ descriptor: Int32, _ name: String, _ mtu: Int, _ addresses: [InterfaceAddress]
  ) throws(Failure) {
    var request = unsafe ifreq()
    unsafe withUnsafeMutableBytes(of: &request.ifr_ifrn) {
      unsafe $0.copyBytes(from: name.utf8.prefix(Int(IFNAMSIZ) - 1))
    }
    unsafe request.ifr_ifru.ifru_flags = Int16(SHOAL_IFF_TUN | SHOAL_IFF_NO_PI)
    guard unsafe shoal_ioctl(descriptor, shoal_tunsetiff, &request) == 0 else {
      guard errno == EBUSY else { throw Failure(system: "device \(name)") }
      throw Failure("device \(name) exists in this namespace; choose another name with --device")
    }
    // No router solicitations, link-local addresses or group reports: the link carries what its users send.
    for (key, value) in [
      ("addr_gen_mode", "1"), ("router_solicitations", "0"), ("accept_ra", "0"), ("accept_dad", "0"),
    ] { Namespace.setting("ipv6/conf/\(name)/\(key)", value) }
    if !addresses.contains(where: \.isIPv6) { Namespace.setting("ipv6/conf/\(name)/disable_ipv6", "1") }
    let interface = NetworkInterface(name)
    try interface.setMTU(mtu)
    try interface.setQueue(ring)
    try interface.bringUp()
    for address in addresses { try interface.add(address) }
  }

  /// Waits until its addresses may be used, for at most a second.
  func settle() throws(Failure) {
    try namespace.inside { () throws(Failure) in
      for _ in 0..<1_000 where !NetworkInterface(name).isSettled { usleep(1_000) }
    }
  }

  /// Throws away what the namespace sent so far.
  func drain() {
    var byte: UInt8 = 0
    while unsafe read(descriptor, &byte, 1) > 0 {}
  }

  /// Packets that the device dropped because its ring was full.
  func ringDrops() -> Int {
    (try? namespace.inside { () throws(Failure) in NetworkInterface(name).droppedOnSending() }) ?? 0
  }
}
