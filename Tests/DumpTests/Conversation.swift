import Foundation
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// A capture at Alice's end of her connection with Bob, which she opened.
final class Conversation {
  static let aliceID: UInt64 = 0xa11c_e000_0000_0001
  static let bobID: UInt64 = 0xb0b0_0000_0000_0002
  let capture = TestCapture()
  /// The sender's clock, in microseconds, modulo 2^32.
  var clock: UInt32 = 4_294_000_000

  init(window: UInt32 = 64, arq: RepeatMode = .selectiveRepeat, first: UInt32 = 1_000) throws {
    var open = OpenPacket()
    (open.window, open.initialSequence, open.arq) = (window, first, arq.rawValue)
    try send(open, Self.aliceID)
    var accept = AcceptPacket()
    (accept.responder, accept.window, accept.arq) = (Self.bobID, window, arq.rawValue)
    accept.initialSequence = 50
    try receive(accept, after: 20_000)
  }

  func send(_ packet: some Packet, _ id: UInt64 = bobID, after microseconds: UInt64 = 1_000) throws {
    clock &+= UInt32(microseconds)
    capture.add(try packet.datagram(connection: id), after: microseconds)
  }

  func receive(_ packet: some Packet, after microseconds: UInt64 = 1_000) throws {
    clock &+= UInt32(microseconds)
    let datagram = try packet.datagram(connection: Self.aliceID)
    capture.add(datagram, from: bob, to: alice, after: microseconds, outbound: false)
  }

  /// Alice sends a DATA packet with a block of 100 bytes; its datagram.
  @discardableResult
  func data(
    _ sequence: UInt32, attempt: UInt8 = 0, after microseconds: UInt64 = 1_000, ackDelay: UInt16 = 25_000,
    content: Int = 100
  ) throws -> [UInt8] {
    clock &+= UInt32(microseconds)
    var packet = DataPacket()
    (packet.sequence, packet.attempt, packet.timestamp, packet.ackDelay) = (sequence, attempt, clock, ackDelay)
    let messages = try block(offset: UInt64(sequence) * 100, count: content)
    let datagram = sealed(try packet.datagram(connection: Self.bobID) + messages)
    capture.add(datagram, after: microseconds)
    return datagram
  }

  /// Bob acknowledges; `echo` is the clock when the packet that he names left.
  func ack(
    _ next: UInt32, top: UInt32? = nil, echo: UInt32, delay: UInt16 = 100, slice: [UInt8] = [], count: UInt32 = 0,
    after microseconds: UInt64 = 1_000
  ) throws {
    clock &+= UInt32(microseconds)
    var packet = AckPacket()
    (packet.next, packet.top, packet.echo, packet.delay) = (next, top ?? next, echo, delay)
    (packet.first, packet.count) = (next, count)
    let datagram = sealed(try packet.datagram(connection: Self.aliceID) + slice)
    capture.add(datagram, from: bob, to: alice, after: microseconds, outbound: false)
  }

  /// The marks of each datagram, by their names.
  func marks() throws -> [[String]] {
    try objects(inspect(capture.bytes, "--json")).map { $0["marks"] as? [String] ?? [] }
  }

  /// The lines after the handshake, from the type on.
  func lines() throws -> [String] { try inspect(capture.bytes).packets.dropFirst(2).map { $0 } }
}

/// The JSON objects of an output, one a line, except the last, which says how the run ended.
func objects(_ outcome: Outcome) throws -> [[String: Any]] {
  let objects = try outcome.lines.map { line in
    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
  }
  #expect(objects.last?["event"] as? String == (outcome.status == 0 ? "done" : "error"))
  return objects.dropLast()
}
