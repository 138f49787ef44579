import ShoalBase
import ShoalWire
import Testing

@testable import ShoalSwarm

/// Which bytes of a piece came from which peer.
struct ActivePieceTests {
  private let honest = Address(ipv4: 0x0a00_0001, port: 1)
  private let liar = Address(ipv4: 0x0a00_0002, port: 1)

  /// Bytes that one peer has sent are not overwritten by another's, since whoever sent them first is blamed for them.
  @Test func aByteIsTakenFromOnePeerOnly() {
    var piece = ActivePiece(isSuspect: false)
    piece.requesters = [LinkKey(index: 1), LinkKey(index: 2)]
    let first = piece.accept(16_384..<32_768, from: LinkKey(index: 1), honest)
    #expect(first.new == 16_384 && first.ranges == [16_384..<32_768] && first.others == [LinkKey(index: 2)])
    let second = piece.accept(16_000..<33_000, from: LinkKey(index: 2), liar)
    #expect(second.new == 616 && second.ranges == [16_000..<16_384, 32_768..<33_000] && second.total == 17_000)
    #expect(piece.senders(of: 16_384..<32_768) == [honest])
    let again = piece.accept(16_000..<33_000, from: LinkKey(index: 1), honest)
    #expect(again.new == 0 && again.ranges.isEmpty)
  }
}
