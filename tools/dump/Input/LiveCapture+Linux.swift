import Glibc
import ShoalBase
import ShoalCapture
import ShoalTerminal
import Synchronization

// Safety: the ring is mapped until `deinit`. A block is ours from when its status says so until we give it back; the
// kernel has put its packets inside it, and their bytes are copied.

/// Captures UDP packets from an interface with a packet socket, through a ring that the kernel fills (TPACKET_V3).
@safe final class LiveCapture {
  private static let blockSize = 1 << 18
  private static let blocks = 32
  /// The kernel delivers a block that is not full after this many milliseconds.
  private static let patience: UInt32 = 50

  private let descriptor: Int32
  private let ring: UnsafeMutableRawPointer
  private var block = 0
  /// The place of the next packet in the block being read, and how many packets are left in it.
  private var place = 0
  private var left = 0
  private var number: UInt64 = 0
  private var clock = SteadyClock()
  /// Whether it captures on all interfaces.
  let isOfAll: Bool

  /// Opens an interface or, for `any`, all of them. With `all`, it captures every UDP packet, not only those that look
  /// like Shoal's.
  init(interface: String, all: Bool) throws(InputFailure) {
    let index = unsafe interface == "any" ? 0 : if_nametoindex(interface)
    guard interface == "any" || index != 0 else {
      throw InputFailure(reason: "\(escaped(interface, asciiOnly: true)): no such interface; 'ip link' lists them")
    }
    isOfAll = index == 0
    descriptor = socket(AF_PACKET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
      let isDenied = errno == EPERM || errno == EACCES
      let remedy = isDenied ? "capturing needs root: run it with sudo, or give it CAP_NET_RAW" : systemError()
      throw InputFailure(reason: "\(interface): \(remedy)")
    }
    do throws(InputFailure) {
      try PacketSocket.prepare(descriptor, all: all, blockSize: Self.blockSize, blocks: Self.blocks, Self.patience)
      let size = Self.blockSize * Self.blocks
      guard let ring = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
        unsafe ring != MAP_FAILED
      else {
        throw InputFailure(reason: systemError())
      }
      unsafe self.ring = unsafe ring
    } catch {
      close(descriptor)
      throw InputFailure(reason: "\(interface): \(error.reason)")
    }
    // Only now, with the filter and the ring in place, does anything arrive.
    guard PacketSocket.bind(descriptor, index) else { throw InputFailure(reason: "\(interface): \(systemError())") }
    Interruption.watch()
  }

  deinit {
    unsafe munmap(ring, Self.blockSize * Self.blocks)
    close(descriptor)
  }

  /// The next packet; nil if none has arrived yet.
  func next() -> CaptureRecord? {
    while true {
      if left > 0 {
        let header = unsafe ring + block * Self.blockSize + place
        left -= 1
        unsafe place += Int(header.load(as: UInt32.self))
        if let record = unsafe record(header) { return record }
      } else if !takeBlock() {
        return nil
      }
    }
  }

  /// Waits for packets; false if the user has asked to stop.
  func wait() throws(InputFailure) -> Bool {
    while !Interruption.isRequested {
      if isReady { return true }
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if unsafe poll(&ready, 1, 1_000) < 0, errno != EINTR { throw InputFailure(reason: systemError()) }
      if ready.revents & Int16(POLLERR) != 0 { throw InputFailure(reason: "the interface is gone") }
    }
    return false
  }

  /// Packets that the kernel has dropped since it was last asked, because we were too slow.
  var dropped: UInt64 { PacketSocket.dropped(descriptor) }

  /// The name of an interface by its index.
  static func name(ofInterface index: Int) -> String? {
    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard let index = UInt32(exactly: index), unsafe if_indextoname(index, &name) != nil else { return nil }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  // tpacket_block_desc: version, offset to private, status, packets, offset to the first.
  private var status: UnsafeMutablePointer<UInt32> {
    unsafe (ring + block * Self.blockSize + 8).assumingMemoryBound(to: UInt32.self)
  }
  private var isReady: Bool { unsafe status.pointee & 1 != 0 }

  /// Advances to the next block; the packets of this one are ours until then.
  private func takeBlock() -> Bool {
    if place > 0 {
      atomicMemoryFence(ordering: .releasing)
      unsafe status.pointee = 0
      block = (block + 1) % Self.blocks
      place = 0
    }
    guard isReady else { return false }
    atomicMemoryFence(ordering: .acquiring)
    clock.read()
    let start = unsafe ring + block * Self.blockSize
    left = unsafe Int((start + 12).load(as: UInt32.self))
    place = unsafe Int((start + 16).load(as: UInt32.self))
    return true
  }

  /// tpacket3_hdr: next, seconds, nanoseconds, captured, length, status, mac, net; then sockaddr_ll.
  private func record(_ header: UnsafeMutableRawPointer) -> CaptureRecord? {
    let kind = unsafe (header + 48 + 10).load(as: UInt8.self)
    let hardware = unsafe (header + 48 + 8).load(as: UInt16.self)
    let isOutgoing = kind == 4
    // Loopback traffic is seen both as it leaves and as it arrives; once is enough.
    let isLoopback = hardware == 772
    if isOutgoing, isLoopback { return nil }
    let captured = unsafe Int((header + 12).load(as: UInt32.self))
    let start = unsafe header + Int((header + 26).load(as: UInt16.self))
    number += 1
    let seconds = unsafe UInt64((header + 4).load(as: UInt32.self))
    let stamp = unsafe seconds * 1_000_000_000 + UInt64((header + 8).load(as: UInt32.self))
    // sockaddr_ll: family, protocol, index of the interface.
    let interface = unsafe (header + 48 + 4).load(as: UInt32.self)
    return unsafe CaptureRecord(
      number: number, time: clock.time(of: stamp), interface: Int(interface), linkType: .raw,
      originalLength: Int((header + 16).load(as: UInt32.self)),
      direction: isLoopback ? nil : isOutgoing ? .outbound : .inbound,
      bytes: Bytes([UInt8](UnsafeRawBufferPointer(start: start, count: captured))))
  }
}
