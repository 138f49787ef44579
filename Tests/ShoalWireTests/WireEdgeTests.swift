import Testing

@testable import ShoalBase
@testable import ShoalContent
@testable import ShoalWire

/// The exact bounds of each check.
@Suite struct WireEdgeTests {
  @Test func allThatTurnsTheDirectionDeceivesAndNothingBesideIt() {
    let turning = Array(0x202A...0x202E) + Array(0x2066...0x2069)
    for value in [0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x202F, 0x2065, 0x206A] + turning {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      #expect(canDeceive(scalar) == turning.contains(value), "\(value)")
    }
  }

  /// An empty file is a single leaf in its only piece; where there are several pieces, none is empty.
  @Test func noPieceOfSeveralIsEmpty() {
    #expect(Blake3.pieceFromLastLeaf(leaf: Span(), leaves: 1, firstLeaf: 0, siblings: []) == nil)
    #expect(Blake3.pieceFromLastLeaf(leaf: Span(), leaves: 1, firstLeaf: 64, siblings: []) == nil)
  }

  @Test func aCutIsWithinItsLimits() {
    func isValid(_ size: UInt64, _ exponent: UInt8, _ chunks: UInt32 = 1) -> Bool {
      Cut(size: size, pieceExponent: exponent, chunks: chunks).isValid
    }
    #expect(isValid(1 << 44, 22) && !isValid(1 << 44 + 1, 22))
    #expect(isValid(1 << 32, 10) && !isValid(1 << 32 + 1, 10))
    #expect(!isValid(1, 9) && isValid(1, 10) && isValid(1, 22) && !isValid(1, 23))
    #expect(isValid(0, 10, 0) && !isValid(0, 10, 1) && !isValid(1, 10, 0))
    #expect(isValid(4_096, 10, 4) && !isValid(4_096, 10, 5))
  }

  @Test func fifteenBytesAreNoDatagram() {
    var bytes = [UInt8](repeating: 7, count: 15)
    Datagram.seal(&bytes)
    #expect(Checksum.isValid(bytes.span) == false)
  }

  @Test func whatOnlyTheOwnerIsToldIsNeverSent() {
    #expect(CloseCode.allCases.filter { !$0.isSent } == [.unreachable, .version, .reset])
  }

  @Test func noMoreRunsAreToldThanACountHolds() {
    var set = BitSet(capacity: 200_000)
    for chunk in stride(from: 0, to: 200_000, by: 2) { set.insert(chunk) }
    let (runs, end) = set.runs(from: 0, fitting: 1 << 20)
    #expect(runs.count == 65_535 && end == 131_069)
  }

  @Test func theUnspecifiedAddressIsTheTrackersHost() {
    let tracker = Address(ipv4: 0xc000_0201, port: 7_400)
    #expect(Address(ipv4: 0, port: 9).asHeard(from: tracker) == tracker.with(port: 9))
    #expect(Address(high: 0, low: 0, port: 9).asHeard(from: tracker) == tracker.with(port: 9))
    #expect(Address(ipv4: 7, port: 9).asHeard(from: tracker) == Address(ipv4: 7, port: 9))
  }
}
