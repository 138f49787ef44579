/// The seeds from which lies are told, `each` of them per seed, in four parts that run side by side.
///
/// The suite tells 80,000. For more set SHOAL_LYING_DATAGRAMS to their number, and SHOAL_LYING_SEED to the first seed:
/// each is then printed before it begins, so that the last one printed is the one that trapped.
///
///     swift build -c release --build-tests -Xswiftc -enable-testing
///     SHOAL_LYING_DATAGRAMS=1000000000 swift test -c release -Xswiftc -enable-testing --skip-build --filter Lying
public struct LyingSeeds: Sequence, IteratorProtocol {
  /// The parts.
  public static let parts = 0..<4 as Range<UInt64>
  private static let wanted = environmentNumber("SHOAL_LYING_DATAGRAMS", as: Int.self)
  private static let first = environmentNumber("SHOAL_LYING_SEED", as: UInt64.self) ?? 0

  private var upcoming: UInt64
  private let end: UInt64

  /// The seeds of one part, each of which tells `each` lies.
  public init(part: UInt64, each: Int) {
    if let seed = environmentNumber("SHOAL_SEED", as: UInt64.self) {
      // The part that would have had it replays it.
      (upcoming, end) = (seed, seed % UInt64(Self.parts.count) == part ? seed + 1 : seed)
    } else {
      upcoming = Self.first + part
      end = Self.first + UInt64((Self.wanted ?? 80_000) / each)
    }
  }

  /// The next seed.
  public mutating func next() -> UInt64? {
    guard upcoming < end else { return nil }
    defer { upcoming += UInt64(Self.parts.count) }
    if Self.wanted != nil { print("seed \(upcoming)") }
    return upcoming
  }
}
