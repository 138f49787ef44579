import Glibc
import ShoalWire

// Safety: each structure is a local variable, laid out as the kernel's and passed with its size; the filter's
// instructions live until the call returns.

/// What Linux's headers declare in macros and structures that Swift cannot see: packet(7), BPF.
enum PacketSocket {
  private static let level: Int32 = 263
  private static let receiveRing: Int32 = 5
  private static let statistics: Int32 = 6
  private static let version: Int32 = 10
  private static let version3: Int32 = 2
  private static let attachFilter: Int32 = 26
  private static let allProtocols: UInt16 = 3

  /// tpacket_req3.
  private struct Ring {
    var blockSize: UInt32
    var blocks: UInt32
    var frameSize: UInt32 = 1 << 11
    var frames: UInt32
    var patience: UInt32
    var privateSize: UInt32 = 0
    var features: UInt32 = 0
  }

  /// sock_filter.
  private struct Instruction {
    var code: UInt16
    var ifTrue: UInt8 = 0
    var ifFalse: UInt8 = 0
    var operand: UInt32
  }

  /// sock_fprog.
  @safe private struct Program {
    var count: UInt16
    var instructions: UnsafePointer<Instruction>?
  }

  /// sockaddr_ll.
  private struct LinkAddress {
    var family = UInt16(AF_PACKET)
    var networkOrderProtocol: UInt16
    var index: Int32
    var hardware: UInt16 = 0
    var kind: UInt8 = 0
    var length: UInt8 = 0
    var address: UInt64 = 0
  }

  static func prepare(
    _ descriptor: Int32, all: Bool, blockSize: Int, blocks: Int, _ patience: UInt32
  ) throws(InputFailure) {
    guard attach(filter(all: all), descriptor) else { throw InputFailure(reason: systemError()) }
    var version = version3
    guard set(descriptor, Self.version, &version) else { throw InputFailure(reason: systemError()) }
    var ring = Ring(
      blockSize: UInt32(blockSize), blocks: UInt32(blocks), frames: UInt32(blockSize / (1 << 11) * blocks),
      patience: patience)
    guard set(descriptor, receiveRing, &ring) else { throw InputFailure(reason: systemError()) }
  }

  static func bind(_ descriptor: Int32, _ interface: UInt32) -> Bool {
    var address = LinkAddress(networkOrderProtocol: allProtocols.bigEndian, index: Int32(bitPattern: interface))
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.bind(descriptor, __CONST_SOCKADDR_ARG(__sockaddr__: $0), socklen_t(MemoryLayout<LinkAddress>.size))
          == 0
      }
    }
  }

  static func dropped(_ descriptor: Int32) -> UInt64 {
    // tpacket_stats_v3: packets, drops, freezes.
    var counts: (UInt32, UInt32, UInt32) = (0, 0, 0)
    var size = socklen_t(MemoryLayout.size(ofValue: counts))
    return unsafe getsockopt(descriptor, level, statistics, &counts, &size) == 0 ? UInt64(counts.1) : 0
  }

  private static func set<Value: BitwiseCopyable>(_ descriptor: Int32, _ option: Int32, _ value: inout Value) -> Bool {
    unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size)) == 0
  }

  private static func attach(_ filter: [Instruction], _ descriptor: Int32) -> Bool {
    unsafe filter.withUnsafeBufferPointer { instructions in
      var program = unsafe Program(count: UInt16(instructions.count), instructions: instructions.baseAddress)
      let size = socklen_t(MemoryLayout<Program>.size)
      return unsafe setsockopt(descriptor, SOL_SOCKET, attachFilter, &program, size) == 0
    }
  }

  // Instructions of classic BPF: load a byte, a half-word, a byte at an offset from X, the length of an IPv4 header
  // into X; jump; return.
  private static func byte(_ offset: UInt32) -> Instruction { Instruction(code: 0x30, operand: offset) }
  private static func half(_ offset: UInt32) -> Instruction { Instruction(code: 0x28, operand: offset) }
  private static func byteBehindX(_ offset: UInt32) -> Instruction { Instruction(code: 0x50, operand: offset) }
  private static func equal(_ value: UInt32, _ ifTrue: UInt8, _ ifFalse: UInt8) -> Instruction {
    Instruction(code: 0x15, ifTrue: ifTrue, ifFalse: ifFalse, operand: value)
  }
  private static let version4Bits = Instruction(code: 0x54, operand: 0xf0)
  private static let headerIntoX = Instruction(code: 0xb1, operand: 0)
  private static let magic = (UInt32(Header.magic >> 8), UInt32(Header.magic & 0xff))
  private static let pass = Instruction(code: 0x06, operand: 0x40000)
  private static let drop = Instruction(code: 0x06, operand: 0)

  /// Passes UDP, its fragments, and IPv6 packets with extension headers. Unless `all`, of the UDP datagrams only those
  /// pass in which at least one byte of the magic is right, so that damage to the other does not hide them.
  private static func filter(all: Bool) -> [Instruction] { all ? everyDatagram : ours }

  private static let everyDatagram = [
    byte(0), version4Bits, equal(0x40, 0, 2),
    // 3: IPv4.
    byte(9), equal(17, 7, 8),
    // 5: IPv6: UDP, or hop-by-hop, routing, fragment or destination options before it.
    equal(0x60, 0, 7), byte(6), equal(17, 4, 0), equal(0, 3, 0), equal(43, 2, 0), equal(44, 1, 0), equal(60, 0, 1),
    // 12
    pass, drop,
  ]

  private static let ours = [
    byte(0), version4Bits, equal(0x40, 0, 9),
    // 3: IPv4: a fragment, or a byte of the magic.
    byte(9), equal(17, 0, 19), half(6), Instruction(code: 0x45, ifTrue: 16, operand: 0x3fff), headerIntoX,
    // 8
    byteBehindX(8), equal(magic.0, 13, 0), byteBehindX(9), Instruction(code: 0x05, operand: 10),
    // 12: IPv6: what may lead to UDP, or UDP.
    equal(0x60, 0, 11), byte(6), equal(17, 4, 0), equal(0, 7, 0), equal(43, 6, 0), equal(44, 5, 0), equal(60, 4, 5),
    // 19
    byte(48), equal(magic.0, 2, 0), byte(49),
    // 22: the second byte of the magic.
    equal(magic.1, 0, 1), pass, drop,
  ]
}
