import Foundation
import Shoal
import ShoalCapture
import ShoalWire
import TestSupport
import Testing

/// `--capture` records what crossed the wire, in a format that other tools read.
@Suite(.inRealTime) struct CaptureTests {
  @Test func everyDatagramIsThere() async throws {
    let shared = try await SharedFile(500_000, capture: "origin.pcapng")
    let other = try peer("loss=5%,corrupt=2%,delay=2ms", capture: shared.scratch.at("other.pcapng"))
    let download = try await other.download(shared.ticket, to: .file(shared.out))
    try await within(60) { try await download.finish() }
    let address = other.address
    await shared.close(other)
    let seen = try read(shared.scratch.at("other.pcapng"))
    #expect(seen.bad > 0, "the corrupt datagrams are in the receiver's capture")
    #expect(seen.sent.allSatisfy { $0 == address })
    #expect(seen.sent.count > 20 && seen.received > 300)
    #expect(try read(shared.scratch.at("origin.pcapng")).bad > 0, "corrupt on the way up")
  }

  private func read(_ path: String) throws -> (sent: [Address], received: Int, bad: Int) {
    var reader = CaptureReader()
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let bytes = [UInt8](data)
    reader.feed(bytes.span)
    reader.finish()
    var sent: [Address] = []
    var received = 0
    var bad = 0
    while let record = try reader.next() {
      let frame = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes.span)
      #expect(frame.checksum == .ok)
      let datagram = record.bytes.slice(frame.payload)
      if !Checksum.isValid(datagram.span) { bad += 1 }
      if record.direction == .outbound { sent.append(frame.source) } else { received += 1 }
    }
    return (sent, received, bad)
  }
}
