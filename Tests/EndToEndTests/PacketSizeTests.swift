import Foundation
import Shoal
import TestSupport
import Testing

/// How large packets are, depending on what is known about the path.
@Suite(.inRealTime) struct PacketSizeTests {
  /// How many datagrams brought that many bytes.
  private func datagrams(_ size: Int, _ listen: String, _ link: String, mtu: Int? = nil) async throws -> Int {
    let shared = try await SharedFile(size) { $0.listen = listen }
    let other = try peer(link) {
      $0.listen = listen
      guard let mtu else { return }
      ($0.swarm.transport.mtu, $0.swarm.transport.receivedMTU, $0.followsInterfaceMTU) = (mtu, mtu, false)
    }
    let download = try await other.download(shared.ticket, to: .nowhere)
    try await within(60) { try await download.finish() }
    let received = await other.statistics().received
    await shared.close(other)
    return received
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"])
  func onLoopbackTheyAreAsLargeAsItTakes(_ listen: String) async throws {
    // On a busy machine a probe may be lost, and the next one comes only after part of the file.
    let size = 40_000_000
    let count = try await datagrams(size, listen, "clean")
    #expect(count < size / 1_472 / 2, "\(count) datagrams")
  }

  @Test func aBadLinkIsModelledWithEthernets() async throws {
    let count = try await datagrams(4_000_000, "127.0.0.1:0", "delay=1ms")
    #expect(count >= 4_000_000 / 1_472, "\(count) datagrams")
  }

  @Test func thePeerIsToldWhatIsTaken() async throws {
    let count = try await datagrams(20_000_000, "127.0.0.1:0", "clean", mtu: 9_000)
    #expect((20_000_000 / 8_972..<20_000_000 / 1_472 / 2).contains(count), "\(count) datagrams")
  }
}
