import Glibc
import ShoalWire

// Safety: whoever passes a pointer keeps `addressStorageSize` aligned bytes behind it during the call, more than any
// offset here reaches; none is kept.

/// Room for a `sockaddr_in` or `sockaddr_in6`.
let addressStorageSize = MemoryLayout<sockaddr_in6>.size

// The kernel's layout: family at 0 (host order), port at 2; IPv4 address at 4; IPv6 address at 8, scope at 24.
extension Address {
  /// Reads a `sockaddr_in` or `sockaddr_in6`; nil for any other family.
  init?(storage: UnsafeRawPointer) {
    let port = unsafe UInt16(bigEndian: storage.load(fromByteOffset: 2, as: UInt16.self))
    switch unsafe Int32(storage.load(as: sa_family_t.self)) {
    case AF_INET:
      unsafe self.init(ipv4: UInt32(bigEndian: storage.load(fromByteOffset: 4, as: UInt32.self)), port: port)
    case AF_INET6:
      unsafe self.init(ipv6: storage + 8, port: port, scope: storage.load(fromByteOffset: 24, as: UInt32.self))
    default:
      return nil
    }
  }

  /// Reads the 16 bytes of an `in6_addr`.
  init(ipv6 bytes: UnsafeRawPointer, port: UInt16, scope: UInt32) {
    let high = unsafe UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    let low = unsafe UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    self.init(high: high, low: low, port: port)
    // One host must have one address: a scope means something only for link-local addresses.
    if isLinkLocal { self.scope = scope }
  }

  /// Whether it is `fe80::/10`, which exists once per interface.
  var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }

  /// Writes what a socket of `family` takes, and returns its length. An IPv6 address for an IPv4 socket is written as
  /// it is: the kernel refuses it as it does any other unreachable address.
  func store(into storage: UnsafeMutableRawPointer, family: Int32) -> socklen_t {
    unsafe storage.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
    if family == AF_INET && isIPv4 {
      unsafe storage.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
      unsafe storage.storeBytes(of: ipv4.bigEndian, toByteOffset: 4, as: UInt32.self)
      unsafe storage.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
      return socklen_t(MemoryLayout<sockaddr_in>.size)
    }
    unsafe storage.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
    unsafe storage.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
    unsafe storage.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
    unsafe storage.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
    unsafe storage.storeBytes(of: scope, toByteOffset: 24, as: UInt32.self)
    return socklen_t(MemoryLayout<sockaddr_in6>.size)
  }

  /// Calls `body` with the address as a `sockaddr` for a socket of `family`.
  func withSocketAddress<Result>(family: Int32, _ body: (__CONST_SOCKADDR_ARG, socklen_t) -> Result) -> Result {
    unsafe withUnsafeTemporaryAllocation(byteCount: addressStorageSize, alignment: 8) { storage in
      let length = unsafe store(into: storage.baseAddress!, family: family)
      let pointer = unsafe UnsafePointer(storage.baseAddress!.assumingMemoryBound(to: sockaddr.self))
      return unsafe body(__CONST_SOCKADDR_ARG(__sockaddr__: pointer), length)
    }
  }

  /// The address that `socket` is bound to.
  init?(boundTo socket: Int32) {
    let address: Address? = unsafe withUnsafeTemporaryAllocation(byteCount: addressStorageSize, alignment: 8) {
      storage in
      let base = storage.baseAddress!
      let pointer = unsafe __SOCKADDR_ARG(__sockaddr__: base.assumingMemoryBound(to: sockaddr.self))
      var length = socklen_t(addressStorageSize)
      guard unsafe getsockname(socket, pointer, &length) == 0 else { return nil }
      return unsafe Address(storage: base)
    }
    guard let address else { return nil }
    self = address
  }
}
