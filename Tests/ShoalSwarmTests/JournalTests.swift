import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalStore
import TestSupport
import Testing

/// The bytes of a journal, whole and damaged, and when it is believed.
@Suite struct JournalTests {
  private static let manifest = WorldFile(seed: 3, size: 20 * 65_536 - 5).manifest

  private static func stamp(_ time: Int64, modified: Int64 = 1_000_000_001) -> FileStamp {
    FileStamp(device: 1, inode: 2, size: 3, modified: modified, changed: modified, time: time)
  }

  private static func pieces(_ range: Range<Int>) -> BitSet {
    var set = BitSet(capacity: manifest.cut.pieces)
    set.insert(range)
    return set
  }

  /// A journal of three notes: its bytes, and where each record ends.
  private static let written: (bytes: [UInt8], ends: [Int]) = {
    var (bytes, end) = Journal.beginning(manifest)
    var ends = [bytes.count]
    for (i, range) in [0..<3, 5..<6, 10..<20].enumerated() {
      bytes += Journal.note(pieces(range), stamp(Int64(i + 2) * 1_000_000_000), isProven: i != 1, at: &end)
      ends.append(bytes.count)
    }
    return (bytes, ends)
  }()

  private func read(_ bytes: [UInt8]) -> Journal? {
    if case .journal(let journal) = Journal.read(bytes) { journal } else { nil }
  }

  @Test func tellsWhatWasNoted() throws {
    let (bytes, ends) = Self.written
    let journal = try #require(read(bytes))
    #expect(journal.manifest.id == Self.manifest.id && journal.manifest.cut == Self.manifest.cut)
    #expect(journal.pieces.rangesDescription == "0-2,5,10-19")
    #expect(journal.stamp == Self.stamp(4_000_000_000) && journal.isProven)
    #expect(journal.end.offset == UInt64(bytes.count) && ends.count == 4)
    // It is continued where it ended.
    var end = journal.end
    let more = Journal.note(Self.pieces(3..<4), Self.stamp(9), isProven: false, at: &end)
    let longer = try #require(read(bytes + more))
    #expect(longer.pieces.rangesDescription == "0-3,5,10-19" && !longer.isProven && longer.end == end)
  }

  /// Cut off anywhere, it tells what the whole records tell.
  @Test func aTornEndIsLeftOut() {
    let (bytes, ends) = Self.written
    for length in 0..<bytes.count {
      let journal = read(Array(bytes[..<length]))
      let whole = ends.lastIndex { $0 <= length }
      guard let whole else {
        #expect(journal == nil, "\(length)")
        continue
      }
      let expected = ["", "0-2", "0-2,5"][whole]
      let isRight = journal?.pieces.rangesDescription == expected && journal?.end.offset == UInt64(ends[whole])
      #expect(isRight, "\(length)")
    }
  }

  /// With any byte changed, it tells less or nothing, and never anything else.
  @Test func damageIsNeverBelieved() {
    let (bytes, ends) = Self.written
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(place % 8)
      let reading = Journal.read(damaged)
      switch reading {
      case .journal(let journal):
        let before = ends.lastIndex { $0 <= place } ?? 0
        let isRight = place >= ends[0] && journal.pieces.rangesDescription == ["", "0-2", "0-2,5"][before]
        #expect(isRight, "\(place)")
      case .otherVersion: #expect(place >= 8 && place < 12)
      case .damaged: #expect(place < ends[0])
      case .none, .foreign: Issue.record("\(place)")
      }
    }
    let isRandomRefused = (0..<2_000).allSatisfy { seed in
      var random = SeededGenerator(seed: UInt64(seed))
      let noise = (0..<Int(random.next() % 300)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      return read(noise) == nil && read(Array(bytes[..<12]) + noise) == nil
    }
    #expect(isRandomRefused)
  }

  /// A record may not be left out, repeated or put elsewhere.
  @Test func theOrderIsPartOfIt() {
    let (bytes, ends) = Self.written
    let swapped = bytes[..<ends[0]] + bytes[ends[1]..<ends[2]] + bytes[ends[0]..<ends[1]]
    let repeated = bytes[..<ends[1]] + bytes[ends[0]..<ends[1]]
    #expect(read(Array(swapped))?.pieces.isEmpty == true)
    #expect(read(Array(repeated))?.end.offset == UInt64(ends[1]))
  }

  @Test func anotherVersionIsNamed() {
    var bytes = Self.written.bytes
    bytes[11] = 2
    guard case .otherVersion(2) = Journal.read(bytes) else {
      Issue.record("\(Journal.read(bytes))")
      return
    }
  }

  private static let second: Int64 = 1_000_000_000

  @Test func isBelievedOnlyOfTheFileThatItSaw() {
    let noted = Self.stamp(10 * Self.second)
    #expect(noted.isUntouched(in: Self.stamp(99 * Self.second)))
    var others: [FileStamp] = []
    for change in 0..<5 {
      var other = Self.stamp(99 * Self.second)
      switch change {
      case 0: other.device = 7
      case 1: other.inode = 7
      case 2: other.size = 7
      case 3: other.modified -= 1
      default: other.changed += 1
      }
      others.append(other)
    }
    #expect(others.allSatisfy { !noted.isUntouched(in: $0) })
    #expect(others.map(noted.mayLead) == [false, false, false, false, true])
    // What was written a while after it.
    #expect(noted.mayLead(to: Self.stamp(0, modified: 20 * Self.second)))
    #expect(noted.mayLead(to: Self.stamp(0, modified: 70 * Self.second)))
    #expect(!noted.mayLead(to: Self.stamp(0, modified: 70 * Self.second + 1)))
    #expect(!noted.mayLead(to: Self.stamp(0, modified: .max)))
    // A change in the same tick of the clock might not show.
    #expect(!Self.stamp(Self.second + 1 + FileStamp.tick - 1).isUntouched(in: Self.stamp(0)))
    #expect(Self.stamp(Self.second + 1 + FileStamp.tick).isUntouched(in: Self.stamp(0)))
    #expect(!Self.stamp(.min, modified: .max).isUntouched(in: Self.stamp(0, modified: .max)))
  }
}
