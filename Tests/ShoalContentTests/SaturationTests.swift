import Testing

@testable import ShoalBase
@testable import ShoalContent

/// Arithmetic on a stranger's numbers neither traps nor wraps.
@Suite struct SaturationTests {
  private static let edges: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]

  @Test func timeEndsAtItsEnds() {
    for a in SaturationTests.edges {
      for b in SaturationTests.edges {
        let exact = (Int128(a) + Int128(b), Int128(a) - Int128(b))
        #expect((Instant(nanoseconds: a) + b).nanoseconds == Int64(clamping: exact.0))
        #expect((Instant(nanoseconds: a) - b).nanoseconds == Int64(clamping: exact.1))
        #expect(Instant(nanoseconds: a) - Instant(nanoseconds: b) == Int64(clamping: exact.1))
      }
    }
    for (number, expected) in [
      (0, 0), (-1.5, -1), (1e18, 1_000_000_000_000_000_000), (0x1p63, .max), (-0x1p63, .min), (.infinity, .max),
      (-.infinity, .min), (.nan, 0),
    ] as [(Double, Int64)] {
      #expect(Nanoseconds(saturating: number) == expected)
    }
  }

  @Test func noCutIsATrap() {
    let sizes: [UInt64] = [0, 1, 1_023, 1_024, 1_025, 1 << 22, 1 << 44, 1 << 44 + 1, 1 << 63, .max - 1, .max]
    for size in sizes {
      for exponent in [0, 9, 10, 16, 22, 23, 62, 63, 64, 65, 128, 255] as [UInt8] {
        for chunks in [0, 1, 2, 1 << 22, 1 << 22 + 1, .max - 1, .max] as [UInt32] {
          let cut = Cut(size: size, pieceExponent: exponent, chunks: chunks)
          let exact = (Int128(size) + (Int128(1) << Int128(min(exponent, 100))) - 1) >> Int128(min(exponent, 100))
          var isRight = cut.pieceSize > 0 && cut.pieces == Int(min(exact, Int128(Int32.max)))
          isRight = isRight && cut.leaves == UInt64(max((Int128(size) + 1_023) / 1_024, 1))
          for piece in [0, 1, cut.pieces - 1, cut.pieces, Int(Int32.max)] where piece >= 0 {
            isRight = isRight && cut.pieceLength(piece) >= 0 && cut.chunk(ofPiece: piece) >= 0
          }
          isRight = isRight && cut.pieces(ofChunks: 0, Int(chunks)) == 0..<(chunks == 0 ? 0 : cut.pieces)
          _ = cut.pieceSet([ChunkRun(first: 0, count: .max), ChunkRun(first: .max, count: .max)])
          #expect(isRight, "\(cut)")
        }
      }
    }
    #expect(ChunkRun(first: .max, count: 7).end == .max && ChunkRun(first: .max - 7, count: 7).end == .max)
    #expect(Cut(size: 1 << 30, chunking: .size(.max)).chunks == 1 && Cut(size: 0, chunking: .size(.max)).chunks == 0)
  }
}
