import CShoal
import Glibc
import ShoalBase
import ShoalWire

// Safety: `messages` and `memory` live as long as the batch; each vector names its own 64 KiB of `memory`. Control
// messages are walked as the C library's macros do, within the length that the kernel gave.

/// One datagram in a `ReceiveBatch`, whose next `receive` overwrites it.
package struct ReceivedDatagram {
  /// Where its payload is, in the batch's memory.
  package let range: Range<Int>
  /// Who sent it.
  package let source: Address
  /// The address of this machine that it was sent to, for captures and for hosts with several addresses.
  package let destination: Address
}

/// Buffers for incoming datagrams: a few large ones, each of which the kernel may fill with many equal datagrams
/// (`UDP_GRO`). One thread owns a batch.
package struct ReceiveBatch: ~Copyable, @unchecked Sendable {
  /// Counts what arrived and what of it was dropped, since the beginning.
  package struct Counters: Sendable {
    /// Datagrams and bytes of UDP payload handed out.
    package var datagrams: UInt64 = 0, bytes: UInt64 = 0
    /// System calls that brought any.
    package var calls: UInt64 = 0
    /// Messages dropped as truncated, or of unknown origin, or empty.
    package var dropped: UInt64 = 0
    /// Calls that failed: ICMP errors, mostly.
    package var errors: UInt64 = 0
    /// The `errno` of the last failure.
    package var lastError: Int32 = 0
  }

  /// No UDP payload is larger, nor does the kernel join more.
  package static let largestBuffer = 65_536
  private let bufferSize: Int

  package private(set) var counters = Counters()
  private let messages: MessageArray
  /// Where the payloads are.
  package let memory: Memory
  private let localAddress: Address
  /// How many messages the last call filled, and how many of them have been looked at.
  private var filled = 0, opened = 0
  /// What is left of the message last opened.
  private var position = 0, remaining = 0, segmentSize = 0
  private var source: Address, destination: Address
  private var lacksRecvmmsg = false

  /// A batch of `count` buffers for `socket`. What is larger than a buffer is dropped, so if they are smaller than the
  /// largest, the socket must not join datagrams.
  package init(for socket: UDPSocket, buffers count: Int = 16, of size: Int = largestBuffer) {
    precondition(size == Self.largestBuffer || !socket.canCoalesce)
    bufferSize = size
    messages = MessageArray(count: count)
    memory = Memory(count * size, alignment: 4_096)
    localAddress = socket.localAddress
    (source, destination) = (localAddress, localAddress)
    for index in 0..<count {
      unsafe messages.vector(index).pointee = unsafe iovec(
        iov_base: memory.start + index * size, iov_len: size)
      unsafe messages[index].pointee.msg_hdr.msg_control = unsafe messages.control(index)
      prepare(index)
    }
  }

  /// Discards what is left and receives what is waiting, without blocking. Returns the number of messages: 0 if none
  /// was waiting; if it equals `capacity`, there may be more.
  package mutating func receive(_ socket: UDPSocket) -> Int {
    for index in 0..<filled { prepare(index) }
    (filled, opened, remaining) = (0, 0, 0)
    // A pending error is reported once and then gone, so try a few times; after that it is up to the next event.
    for _ in 0..<4 {
      let result = messages.receive(socket.descriptor, singly: lacksRecvmmsg)
      if result >= 0 {
        counters.calls += 1
        filled = result
        return result
      }
      switch Int32(-result) {
      case EAGAIN: return 0
      case EINTR: continue
      case ENOSYS where !lacksRecvmmsg, EPERM where !lacksRecvmmsg && counters.calls == 0: lacksRecvmmsg = true
      case let error:
        counters.lastError = error
        counters.errors += 1
      }
    }
    return 0
  }

  /// The most messages that `receive` takes at once.
  package var capacity: Int { messages.count }

  /// The next of the datagrams that `receive` took.
  package mutating func next() -> ReceivedDatagram? {
    while remaining == 0 {
      guard opened < filled else { return nil }
      open(opened)
      opened += 1
    }
    let length = min(segmentSize, remaining)
    let range = position..<position + length
    position += length
    remaining -= length
    counters.datagrams += 1
    counters.bytes += UInt64(length)
    return ReceivedDatagram(range: range, source: source, destination: destination)
  }

  /// Shows the datagrams that `receive` took, which `next` then returns as if they had not been shown.
  mutating func lookAhead(_ show: (Address, Span<UInt8>) -> Void) {
    let before = counters
    while let datagram = next() { memory.read(datagram.range) { show(datagram.source, $0) } }
    (counters, opened) = (before, 0)
  }

  /// Gives the kernel back the full length of the fields that it shortened.
  private func prepare(_ index: Int) {
    let header = unsafe messages[index]
    unsafe header.pointee.msg_hdr.msg_namelen = socklen_t(addressStorageSize)
    unsafe header.pointee.msg_hdr.msg_controllen = MessageArray.controlSize
    unsafe header.pointee.msg_hdr.msg_flags = 0
  }

  private mutating func open(_ index: Int) {
    let message = unsafe messages[index]
    let length = unsafe Int(message.pointee.msg_len)
    // Without its control messages there is no telling where the datagrams in a message end.
    let truncated = unsafe message.pointee.msg_hdr.msg_flags & Int32(MSG_TRUNC | MSG_CTRUNC) != 0
    guard !truncated, length > 0, unsafe message.pointee.msg_hdr.msg_namelen > 0,
      let sender = unsafe Address(storage: messages.name(index))
    else {
      counters.dropped += 1
      return
    }
    source = sender
    destination = localAddress
    position = index * bufferSize
    remaining = length
    segmentSize = length
    var control = unsafe shoal_cmsg_first(&message.pointee.msg_hdr)
    while let header = unsafe control {
      unsafe interpret(header)
      unsafe control = unsafe shoal_cmsg_next(&message.pointee.msg_hdr, header)
    }
  }

  private mutating func interpret(_ header: UnsafeMutablePointer<cmsghdr>) {
    guard let data = unsafe shoal_cmsg_data(header) else { return }
    switch unsafe (header.pointee.cmsg_level, header.pointee.cmsg_type) {
    case (Int32(SHOAL_SOL_UDP), Int32(SHOAL_UDP_GRO)):
      let size = unsafe Int(data.load(as: Int32.self))
      if size > 0 { segmentSize = size }
    case (Int32(IPPROTO_IPV6), IPV6_PKTINFO):
      // `in6_pktinfo`: the address, mapped if it is IPv4, then the interface.
      let interface = unsafe data.load(fromByteOffset: 16, as: UInt32.self)
      destination = unsafe Address(ipv6: data, port: localAddress.port, scope: interface)
    case (Int32(IPPROTO_IP), IP_PKTINFO):
      // `in_pktinfo`: interface, the address to answer from, the address in the header.
      let ipv4 = unsafe UInt32(bigEndian: data.load(fromByteOffset: 8, as: UInt32.self))
      destination = Address(ipv4: ipv4, port: localAddress.port)
    default: break
    }
  }
}
