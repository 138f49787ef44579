import ShoalBase
import ShoalLink
import ShoalSimulator
import ShoalTransport
import Testing

@testable import ShoalSwarm

/// How much is asked for at a time.
@Suite struct RequestTests {
  /// The most bytes that were owed at any time after the first second.
  private func mostOwed(_ link: String, receiveBuffer: Int) -> Int {
    let scene = Scene(3, 30_000_000)
    let origin = scene.origin(link)
    let peer = scene.downloader("delay=100us", from: [origin.address]) { $0.receiveBuffer = receiveBuffer }
    var most = 0
    let start = scene.world.now
    _ = scene.world.run(for: 60 * .second) {
      if scene.world.now - start > .second {
        for source in peer.swarm.downloads.flatMap(\.sources) { most = max(most, source.outstanding) }
      }
      return scene.isComplete
    }
    #expect(scene.isComplete)
    return most
  }

  @Test func whatThePathDoesNotHoldFitsIntoTheReceiveBuffer() {
    let most = mostOwed("delay=100us,rate=200mbit", receiveBuffer: 1 << 20)
    // That, plus what the path holds, plus the rest of a piece.
    #expect(most > 100_000 && most < 1_400_000, "\(most)")
    let unbounded = mostOwed("delay=100us,rate=200mbit", receiveBuffer: .max)
    #expect(unbounded > 1_000_000, "\(unbounded)")
  }

  @Test func aLongPathIsFilledWhateverTheReceiveBuffer() {
    // 25 MB/s over 80 ms: 2 MB are on their way.
    let most = mostOwed("delay=40ms,rate=200mbit", receiveBuffer: 256 << 10)
    #expect(most > 2_000_000, "\(most)")
  }
}
