import Foundation
import ShoalCapture
import TestSupport
import Testing

@testable import shoal_dump

/// These tests run one after another, since each sees what the others send.
@Suite(.serialized) struct LiveTests {
  /// Whether packets may be captured here: as root.
  private static let isAllowed: Bool = {
    let descriptor = socket(AF_PACKET, Int32(SOCK_DGRAM.rawValue), 0)
    if descriptor >= 0 { close(descriptor) }
    return descriptor >= 0
  }()

  /// Sends datagrams to a port of this machine, again and again, until told to stop.
  private final class Chatter: @unchecked Sendable {
    private let lock = NSLock()
    private var isDone = false
    let port: UInt16
    private let socket = TestSocket()

    init() {
      socket.bind("127.0.0.1")
      port = socket.port
    }

    func start(_ datagrams: [[UInt8]]) {
      Thread.detachNewThread { [self] in
        while lock.withLock({ !isDone }) {
          for datagram in datagrams { socket.send(datagram, to: "127.0.0.1", port: port) }
          usleep(20_000)
        }
      }
    }

    func stop() { lock.withLock { isDone = true } }
  }

  @Test(.enabled(if: isAllowed)) func linesOfLoopback() throws {
    let chatter = Chatter()
    defer { chatter.stop() }
    var damaged = try data(7)
    damaged[0] ^= 0x20
    chatter.start([try data(7), [UInt8]("hello".utf8), damaged])
    let outcome = try run(["-i", "lo", "--peer", "127.0.0.1:\(chatter.port)", "--count", "4"])
    #expect(outcome.status == 0 && outcome.lines.count == 4)
    let own = "127.0.0.1:\(chatter.port)"
    #expect(outcome.lines.contains { $0.contains(" \(own) > \(own) DATA seq=7 len=28") })
    // A datagram with one damaged byte in the magic passes the kernel's filter.
    #expect(
      outcome.lines.contains { $0.contains("DATA? len=28 [corrupt: ") && $0.contains("flipping bit 5 of byte 0") })
  }

  @Test(.enabled(if: isAllowed)) func aCaptureWithComments() throws {
    let chatter = Chatter()
    defer { chatter.stop() }
    chatter.start([try data(7, attempt: 1)])
    let scratch = try Scratch()
    let outcome = try run([
      "-i", "any", "-w", scratch.at("out.pcapng"), "--peer", "127.0.0.1:\(chatter.port)", "--count", "3",
    ])
    #expect(outcome.status == 0 && outcome.output == "")
    // Other tests may send what is not shown.
    #expect(outcome.error.hasPrefix("shoal-dump: capturing on any; Ctrl-C stops\nshoal-dump: 3 datagrams written\n"))
    var reader = CaptureReader()
    let file = try scratch.read("out.pcapng")
    reader.feed(file.span)
    reader.finish()
    var comments: [String] = []
    while let record = try reader.next() {
      let frame = try IPFrame.parse(linkType: record.linkType, bytes: record.bytes.span)
      #expect(frame.destination.port == chatter.port)
      comments.append(record.comment.map { String(decoding: $0, as: UTF8.self) } ?? "")
    }
    #expect(comments.count == 3 && comments[0] == "resent, attempt 1", "\(comments)")
    #expect(comments.dropFirst().allSatisfy { $0.hasPrefix("duplicate of ") }, "\(comments)")
  }

  @Test func unknownInterfaces() throws {
    let outcome = try run(["-i", "nowhere0"])
    #expect(outcome.status == 1 && outcome.error.contains("nowhere0: no such interface"))
    #expect(try run(["-i", "lo", "file"]).status == 2)
  }
}
