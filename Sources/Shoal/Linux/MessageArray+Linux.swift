import CShoal
import Glibc
import ShoalWire

// Safety: one allocation holds everything, is freed in `deinit` and has one owner. An index must be below `count`,
// which is checked; a message's control area has room for both kinds of control message.

/// The headers, vectors, addresses and control areas of some messages, as `sendmmsg` and `recvmmsg` take them.
///
/// Memory is held untyped: `mmsghdr` is unknown to clients of this module that do not define `_GNU_SOURCE`.
@safe struct MessageArray: ~Copyable {
  /// For `IP_PKTINFO` or `IPV6_PKTINFO` and `UDP_GRO`, twice over: what does not fit would hide where datagrams end.
  static let controlSize = 128
  private static let nameSize = 32
  private static let stride =
    unsafe MemoryLayout<mmsghdr>.stride + MemoryLayout<iovec>.stride + nameSize + controlSize

  let count: Int
  private let memory: UnsafeMutableRawPointer

  init(count: Int) {
    self.count = count
    unsafe memory = .allocate(byteCount: count * Self.stride, alignment: 16)
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count * Self.stride)
    for index in 0..<count {
      unsafe self[index].pointee.msg_hdr.msg_iov = unsafe vector(index)
      unsafe self[index].pointee.msg_hdr.msg_iovlen = 1
      unsafe self[index].pointee.msg_hdr.msg_name = unsafe name(index)
    }
  }

  deinit { unsafe memory.deallocate() }

  /// The header of message `index`; those that follow are contiguous.
  subscript(index: Int) -> UnsafeMutablePointer<mmsghdr> {
    unsafe (memory + checked(index) * MemoryLayout<mmsghdr>.stride).assumingMemoryBound(to: mmsghdr.self)
  }

  /// Where the bytes of message `index` are.
  func vector(_ index: Int) -> UnsafeMutablePointer<iovec> {
    let base = unsafe memory + count * MemoryLayout<mmsghdr>.stride
    return unsafe (base + checked(index) * MemoryLayout<iovec>.stride).assumingMemoryBound(to: iovec.self)
  }

  /// Room for the address of message `index`.
  func name(_ index: Int) -> UnsafeMutableRawPointer {
    unsafe memory + count * (MemoryLayout<mmsghdr>.stride + MemoryLayout<iovec>.stride) + checked(index) * Self.nameSize
  }

  /// Room for the control messages of message `index`.
  func control(_ index: Int) -> UnsafeMutableRawPointer {
    unsafe memory + count * (Self.stride - Self.controlSize) + checked(index) * Self.controlSize
  }

  private func checked(_ index: Int) -> Int {
    precondition(index >= 0 && index < count)
    return index
  }
}

extension MessageArray {
  /// Sends up to `limit` messages from `first` on; returns the number that the kernel took, or a negative `errno`.
  func send(_ first: Int, _ limit: Int, to socket: Int32, singly: Bool) -> Int {
    if singly {
      let sent = unsafe sendmsg(socket, &self[first].pointee.msg_hdr, 0)
      return sent < 0 ? -Int(errno) : 1
    }
    precondition(limit <= count - first)
    let sent = unsafe sendmmsg(socket, self[first], UInt32(limit), 0)
    return sent < 0 ? -Int(errno) : Int(sent)
  }

  /// Receives what is waiting, without blocking, into messages from the first on; returns their number, or a negative
  /// `errno`.
  func receive(_ socket: Int32, singly: Bool) -> Int {
    if singly {
      let length = unsafe recvmsg(socket, &self[0].pointee.msg_hdr, Int32(MSG_DONTWAIT))
      guard length >= 0 else { return -Int(errno) }
      unsafe self[0].pointee.msg_len = UInt32(length)
      return 1
    }
    let received = unsafe recvmmsg(socket, self[0], UInt32(count), Int32(MSG_DONTWAIT), nil)
    return received < 0 ? -Int(errno) : Int(received)
  }

  /// Removes message `index`'s control messages.
  func clearControl(of index: Int) {
    unsafe self[index].pointee.msg_hdr.msg_control = nil
    unsafe self[index].pointee.msg_hdr.msg_controllen = 0
  }

  /// Has message `index` leave from `source`.
  func setSource(_ source: Address, family: Int32, of index: Int) {
    if family == AF_INET {
      // `in_pktinfo`: interface, the address to send from, one that is not read.
      let data = unsafe addControl(Int32(IPPROTO_IP), IP_PKTINFO, 12, of: index)
      unsafe data.storeBytes(of: 0, as: UInt32.self)
      unsafe data.storeBytes(of: source.ipv4.bigEndian, toByteOffset: 4, as: UInt32.self)
      unsafe data.storeBytes(of: 0, toByteOffset: 8, as: UInt32.self)
    } else {
      // `in6_pktinfo`: the address, mapped if it is IPv4, then the interface.
      let data = unsafe addControl(Int32(IPPROTO_IPV6), IPV6_PKTINFO, 20, of: index)
      unsafe data.storeBytes(of: source.high.bigEndian, as: UInt64.self)
      unsafe data.storeBytes(of: source.low.bigEndian, toByteOffset: 8, as: UInt64.self)
      unsafe data.storeBytes(of: source.scope, toByteOffset: 16, as: UInt32.self)
    }
  }

  /// Marks message `index` as a run of datagrams of `size` bytes, for the kernel to cut.
  func setSegmentSize(_ size: Int, of index: Int) {
    let data = unsafe addControl(Int32(SHOAL_SOL_UDP), Int32(SHOAL_UDP_SEGMENT), MemoryLayout<UInt16>.size, of: index)
    unsafe data.storeBytes(of: UInt16(size), as: UInt16.self)
  }

  /// Appends a control message to those of message `index`; returns where its `length` bytes go.
  private func addControl(_ level: Int32, _ type: Int32, _ length: Int, of index: Int) -> UnsafeMutableRawPointer {
    let message = unsafe self[index]
    let used = unsafe message.pointee.msg_hdr.msg_controllen
    let header = unsafe (control(index) + Int(used)).assumingMemoryBound(to: cmsghdr.self)
    unsafe header.pointee.cmsg_level = level
    unsafe header.pointee.cmsg_type = type
    unsafe header.pointee.cmsg_len = shoal_cmsg_length(length)
    unsafe message.pointee.msg_hdr.msg_control = unsafe control(index)
    unsafe message.pointee.msg_hdr.msg_controllen = used + shoal_cmsg_space(length)
    return unsafe shoal_cmsg_data(header)
  }
}
