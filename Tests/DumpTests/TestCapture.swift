import Foundation
import ShoalCapture
import ShoalContent
import ShoalWire

@testable import shoal_dump

let alice = Address(ipv4: 0x0a00_0002, port: 7_402)
let bob = Address(ipv4: 0x0a00_0001, port: 7_401)
let tracker = Address(ipv4: 0x0a00_0001, port: 7_400)

/// A capture being made, a millisecond from one datagram to the next unless told otherwise.
final class TestCapture {
  private var writer = PcapngWriter()
  private var time: UInt64 = 1_795_356_194_802_123_456

  func add(
    _ datagram: [UInt8], from: Address = alice, to: Address = bob, after microseconds: UInt64 = 1_000,
    outbound: Bool? = true
  ) {
    time += microseconds * 1_000
    writer.datagram(from: from, to: to, payload: datagram.span, wallClockNanoseconds: time, outbound: outbound)
  }

  func add(
    _ packet: some Packet, connection: UInt64 = 0xa31f_09bc_7710_e2d4, from: Address = alice, to: Address = bob,
    after microseconds: UInt64 = 1_000
  ) throws {
    add(try packet.datagram(connection: connection), from: from, to: to, after: microseconds)
  }

  var bytes: [UInt8] { writer.copy }
}

/// The start of a pcap file; 101 is raw IP.
func pcapHeader(linkType: UInt32) -> [UInt8] {
  ([0xa1b2_c3d4, 0x0002_0004, 0, 0, 65_535, linkType] as [UInt32]).flatMap(bigEndian)
}

/// A record of a pcap file: a datagram of which the first bytes were captured.
func pcapRecord(_ payload: [UInt8], cutTo count: Int) -> [UInt8] {
  let capture = TestCapture()
  capture.add(payload)
  var reader = CaptureReader()
  reader.feed(capture.bytes.span)
  guard let packet = (try? reader.next())?.map({ [UInt8]($0.bytes) }) else { return [] }
  let lengths: [UInt32] = [1_700_000_000, 0, UInt32(28 + count), UInt32(packet.count)]
  return lengths.flatMap(bigEndian) + packet[..<(28 + count)]
}

func bigEndian(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }

/// A DATA datagram with these messages.
func data(_ sequence: UInt32, attempt: UInt8 = 0, _ messages: [UInt8]...) throws -> [UInt8] {
  var packet = DataPacket()
  (packet.sequence, packet.attempt) = (sequence, attempt)
  return sealed(try packet.datagram(connection: 0x77) + messages.joined())
}

/// A BLOCK of zeros.
func block(file: UInt16 = 0, offset: UInt64, count: Int, space: ContentSpace = .content) throws -> [UInt8] {
  var block = Block()
  (block.file, block.offset, block.space) = (file, offset, space.rawValue)
  var bytes = [UInt8](repeating: 0, count: Block.overhead + count)
  var span = bytes.mutableSpan
  _ = try block.encode(into: &span, contentLength: count)
  return bytes
}

/// The datagram with its checksum filled in.
func sealed(_ datagram: [UInt8]) -> [UInt8] {
  var datagram = datagram
  ShoalWire.Datagram.seal(&datagram)
  return datagram
}

/// The digest 6b0c12d4…
let film = Digest([0x6b, 0x0c, 0x12, 0xd4] + [UInt8](repeating: 7, count: 28))!
