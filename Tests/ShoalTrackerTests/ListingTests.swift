import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTracker

/// LIST: what a tracker knows by name, page by page.
struct ListingTests {
  /// All files that the pages name, and how many pages there were.
  private func pages(
    _ harness: inout TrackerHarness, _ between: (inout TrackerHarness) throws -> Void = { _ in }
  ) throws -> (names: [String], pages: Int) {
    var (names, count, after) = ([String](), 0, UInt64(0))
    repeat {
      var packet = ListPacket()
      (packet.cookie, packet.after) = (try harness.cookie(of: peer(9)), after)
      let page: ListedPacket = try harness.ask(packet, from: peer(9))
      #expect(page.after == after && (page.next == 0 || page.next > after))
      names += page.files.map(\.name)
      (after, count) = (page.next, count + 1)
      try between(&harness)
    } while after != 0 && count < 10_000
    return (names, count)
  }

  @Test func everyNameIsOnOnePage() throws {
    var harness = TrackerHarness()
    for index in 0..<100 {
      let from = peer(index % 7)
      try harness.register(digest(UInt64(index)), from: from, name: "file \(index)")
    }
    try harness.register(digest(500), from: peer(1), name: "")
    let (names, count) = try pages(&harness)
    #expect(names == (0..<100).map { "file \($0)" } && count > 4 && count < 20)
  }

  @Test func longNamesMakeShortPages() throws {
    var harness = TrackerHarness()
    for index in 0..<10 {
      let name = String(repeating: "n", count: 250) + "\(index)"
      try harness.register(digest(UInt64(index)), from: peer(1), name: name)
    }
    #expect(try pages(&harness).names.count == 10)
  }

  @Test func whatStaysIsListedWhateverComesAndGoes() throws {
    var harness = TrackerHarness()
    for index in 0..<60 {
      try harness.register(digest(UInt64(index)), from: peer(1), name: "\(index)")
    }
    var gone = 0
    let (names, _) = try pages(&harness) { harness in
      // Those with odd numbers go, others come.
      for _ in 0..<3 where gone < 30 {
        var packet = DeregisterPacket()
        (packet.cookie, packet.id) = (try harness.cookie(of: peer(1)), digest(UInt64(2 * gone + 1)))
        let _: DeregisteredPacket = try harness.ask(packet, from: peer(1))
        try harness.register(digest(UInt64(1_000 + gone)), from: peer(2), name: "new \(gone)")
        gone += 1
      }
    }
    for index in stride(from: 0, to: 60, by: 2) { #expect(names.count { $0 == "\(index)" } == 1) }
  }

  @Test func workIsBoundedWhereMostHaveGone() {
    var listed = ListedFiles()
    for index in [0, 63, 64, 500_000, 900_000] as [UInt32] { listed.insert(index) }
    listed.remove(64)
    var seen: [UInt32] = []
    var (after, pages) = (UInt64(0), 0)
    repeat {
      after = listed.page(after: after) { file in
        seen.append(file)
        return true
      }
      pages += 1
    } while after != 0
    let isRight = seen == [0, 63, 500_000, 900_000]
    #expect(isRight && listed.count == 4 && pages > 1 && pages < 20)
    #expect(listed.page(after: .max) { _ in true } == 0)
  }

  @Test func strangersAreToldNothing() throws {
    var harness = TrackerHarness()
    try harness.register(digest(1), from: peer(1), name: "a")
    #expect(try harness.error(ListPacket(), from: peer(9)) == .staleCookie)
    #expect(try harness.reply(to: ListPacket(), from: peer(9)).count <= ListPacket().encodedSize + 8)
  }
}
