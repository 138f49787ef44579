import Shoal
import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTerminal
import ShoalWire
import TestSupport
import Testing

@testable import ShoalCommand

/// What is shown of peers.
@Suite struct SeeingTests {
  private func row(_ state: TransferState, serial: Int = 1, moved: UInt64? = 1_770_000_000) -> PeerRow {
    var standing = PeerStanding(address: Address(ipv4: 0xc000_0209, port: 7401), serial: serial, isOpen: true)
    (standing.file, standing.isReceiver) = (FileKey(source: 0), true)
    (standing.moved, standing.have) = (moved, 1_300_000_000)
    return PeerRow(
      standing: standing, state: state, rate: 11_200_000, file: "a long name with spaces.mkv", id: .zero,
      size: 3_100_000_000)
  }

  @Test func aPeerIsALine() {
    #expect(
      PeerTable([row(.active)]).lines(width: nil) == ["192.0.2.9:7401  active  42%  11.2 MB/s  1.77 GB from here"])
    #expect(PeerTable([row(.idle, moved: nil)]).lines(width: nil) == ["192.0.2.9:7401  idle  42%"])
  }

  @Test(arguments: [1, 10, 20, 40, 80, 160, 300]) func columnsAreDroppedAndNeverWrapped(width: Int) {
    let table = PeerTable((0..<40).map { row(.active, serial: $0) }, showsFile: true)
    for titles in [false, true] {
      let lines = table.lines(width: width, titles: titles)
      #expect(lines.count == (titles ? 41 : 40))
      if width >= 24 { #expect(lines.allSatisfy { $0.count <= width }) }
      if width >= 20 { #expect(lines.last?.contains("active") == true) }
    }
  }

  @Test func whatAPeerDoesIsNamed() {
    var peer = row(.active).standing
    #expect(Observer.state(peer, 3_100_000_000, isMoving: true) == .active)
    #expect(Observer.state(peer, 3_100_000_000, isMoving: false) == .idle)
    peer.isOwed = true
    #expect(Observer.state(peer, 3_100_000_000, isMoving: false) == .waiting)
    #expect(Observer.state(peer, 1_300_000_000, isMoving: true) == .done)
    peer.file = nil
    #expect(Observer.state(peer, nil, isMoving: true) == .connected)
    peer.isOpen = false
    #expect(Observer.state(peer, nil, isMoving: false) == .connecting)
  }

  @Test func theMapFitsTheWidth() {
    var chunks = BitSet(capacity: 1_000)
    chunks.insert(0..<500)
    chunks.insert(505)
    let map = ChunkMap(chunks: chunks)
    #expect(map.line(columns: 12, unicode: false) == "[#####-....]")
    #expect(map.line(columns: 12, unicode: true) == "[█████░····]")
    #expect(map.line(columns: 9, unicode: true) == nil)
    #expect(map.line(columns: 5_000, unicode: false)?.count == 1_002)
    #expect(ChunkMap(chunks: .full(capacity: 1)).line(columns: 80, unicode: true) == nil)
    let many = ChunkMap(chunks: .full(capacity: 4_194_304))
    #expect(many.line(columns: 80, unicode: false) == "[" + String(repeating: "#", count: 78) + "]")
  }

  @Test func aCopyIsAllThatIsSharedTogether() {
    let ids = [Blake3.hash([1].span), Blake3.hash([2].span)]
    var copies = CopyCount(of: Set(ids))
    func served(_ port: UInt16, _ id: Digest) -> PeerEvent {
      .served(Address(ipv4: 0xc000_0209, port: port), id: id, name: "", bytes: 1)
    }
    let isCounted = [
      served(1, ids[0]), served(2, ids[0]), served(1, ids[0]), served(1, ids[1]), served(2, .zero), served(2, ids[1]),
      served(2, ids[1]),
    ].map { copies.take($0) }
    #expect(isCounted == [false, false, false, true, false, true, false] && copies.count == 2)
    let hasLeft = copies.take(.left(Address(ipv4: 1, port: 1), id: ids[0], name: "", bytes: 9))
    #expect(!hasLeft)
  }

  @Test func copiesAreCounted() throws {
    #expect(failure { _ = try invocation("share", "f", "--once", "--once=3", "--once", "2") } == "no failure")
    #expect(try invocation("share", "--once", "2", "f").first("once")?.text == "2")
    #expect(try invocation("share", "--once", "f").first("once")?.text == "")
    #expect(try invocation("share", "f", "--once").first("once")?.text == "")
  }
}
