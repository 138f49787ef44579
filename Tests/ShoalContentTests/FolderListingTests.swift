import ShoalBase
import TestSupport
import Testing

@testable import ShoalContent

/// A listing is read as it was written, and one that could harm whoever restores it is no listing.
@Suite struct FolderListingTests {
  /// Entries as they come: kind, depth, name, size or target.
  private func writer(_ entries: [(Listing.Kind, Int, String)]) -> ListingWriter {
    var writer = ListingWriter()
    for (kind, depth, name) in entries { writer.add(kind, name, depth: depth, size: kind.isFile ? 5 : 0, target: "t") }
    return writer
  }

  private func fault(_ entries: [(Listing.Kind, Int, String)]) -> ListingFault? {
    do throws(ListingFault) {
      _ = try writer(entries).draft()
      return nil
    } catch { return error }
  }

  private func fault(_ bytes: [UInt8]) -> ListingFault? {
    do throws(ListingFault) {
      _ = try Listing(bytes)
      return nil
    } catch { return error }
  }

  @Test func isReadAsItWasWritten() throws {
    var writer = ListingWriter()
    writer.add(.folder, "a", depth: 0, modified: -1)
    writer.add(.file, "b", depth: 1, modified: 1_700_000_000_123_456_789, size: 70_000)
    writer.add(.folder, "c", depth: 1)
    writer.add(.executable, "ä.sh", depth: 2, size: 3)
    writer.add(.link, "l", depth: 1, target: "../z")
    writer.add(.file, "empty", depth: 0)
    writer.add(.file, "z", depth: 0, size: 9)
    let draft = try writer.draft(.size(1 << 16))
    let ids = (1...4).map { Blake3.hash([UInt8($0)].span) }
    let listing = try draft.with(.zero, ids: ids)
    #expect(listing.entries.indices.map(listing.path) == ["a", "a/b", "a/c", "a/c/ä.sh", "a/l", "empty", "z"])
    #expect(listing.entries.map(\.kind) == [.folder, .file, .folder, .executable, .link, .file, .file])
    #expect(listing.entries.map(\.offset) == [0, 0, 70_000, 70_000, 70_003, 70_003, 70_003])
    #expect(listing.entries[0].modified == -1 && listing.entries[1].modified == 1_700_000_000_123_456_789)
    #expect([1, 3, 5, 6].map(listing.id) == ids)
    #expect(listing.target(4) == "../z" && listing.fileCount == 4 && listing.contentID == .zero)
    #expect(listing.cut.size == 70_012 && listing.cut.pieces == 2)
    #expect(listing.pieces(1) == 0..<2 && listing.pieces(3) == 1..<2 && listing.pieces(5) == 0..<0)
    #expect(try Listing(listing.bytes).entries.count == 7)
  }

  @Test func findsThePartsOfARange() throws {
    for seed in seeds(0..<20) {
      var random = SeededGenerator(seed: seed)
      var writer = ListingWriter()
      var owners: [(entry: Int, offset: Int)] = []
      for entry in 0..<30 {
        let size = random.next() % 4 == 0 ? 0 : Int(random.next() % 50)
        writer.add(.file, String(UnicodeScalar(UInt8(48 + entry))), depth: 0, size: UInt64(size))
        owners += (0..<size).map { (entry, $0) }
      }
      let listing = try writer.draft()
      for _ in 0..<50 {
        let start = Int(random.next() % UInt64(owners.count))
        let end = start + Int(random.next() % UInt64(owners.count - start + 1))
        var position = 0
        for part in listing.parts(UInt64(start)..<UInt64(end)) {
          #expect(part.range.lowerBound == position, "seed \(seed)")
          let isRight = part.range.allSatisfy {
            let owner = owners[start + $0]
            return owner.entry == part.entry && owner.offset == part.offset + $0 - position
          }
          #expect(isRight, "seed \(seed)")
          position = part.range.upperBound
        }
        #expect(position == end - start, "seed \(seed)")
      }
    }
  }

  @Test(arguments: [
    ("", NameFault.reserved), (".", .reserved), ("..", .reserved), ("/etc/passwd", .path), ("a/b", .path),
    ("../x", .path), ("a\nb", .deceptive), ("a\u{202E}b", .deceptive), ("\u{7F}", .deceptive), ("\0", .deceptive),
  ])
  func refusesNames(_ name: String, _ fault: NameFault) {
    #expect(self.fault([(.file, 0, name)]) == .name(name, fault))
    #expect(self.fault([(.folder, 0, "d"), (.folder, 1, name)]) == .name("d/\(name)", fault))
  }

  @Test func refusesWhatIsNoText() throws {
    var bytes = try writer([(.file, 0, "abc")]).draft().bytes
    bytes[try #require(bytes.lastIndex(of: UInt8(ascii: "b")))] = 0xff
    #expect(fault(bytes) == .name("a\u{FFFD}c", .encoding))
  }

  @Test func takesHiddenAndForeignNames() {
    #expect(fault([(.folder, 0, ".git"), (.file, 1, "...")]) == nil)
    #expect(fault([(.file, 0, "Straße"), (.file, 0, "写真"), (.file, 0, "👩‍👩‍👧")]) == nil)
  }

  @Test(arguments: [
    (["A", "a"]), (["README", "readme"]), (["\u{41}\u{30A}", "\u{C5}"]), (["STRASSE", "straße"]), (["K", "\u{212A}"]),
  ])
  func knowsNamesThatSomeSystemsTakeForOne(_ names: [String]) throws {
    let listing = try writer([(.file, 0, names[0]), (.file, 0, names[1])]).draft()
    let found = try #require(listing.alike { _ in true })
    #expect(found == (0, 1))
    #expect(listing.alike { $0 == 0 } == nil)
    // In two folders they are two.
    let apart = try writer([(.folder, 0, "d"), (.file, 1, names[0]), (.folder, 0, "e"), (.file, 1, names[1])]).draft()
    #expect(apart.alike { _ in true } == nil)
  }

  /// Which of several such names are wanted decides, not which come one after the other.
  @Test func knowsThemWithOthersBetween() throws {
    let listing = try writer([(.file, 0, "AB"), (.file, 0, "Ab"), (.file, 0, "aB"), (.file, 0, "ab")]).draft()
    for (first, second) in [(0, 1), (0, 2), (0, 3), (1, 3)] {
      let found = try #require(listing.alike { $0 == first || $0 == second })
      #expect(found == (first, second))
    }
    #expect(listing.alike { $0 == 2 } == nil)
  }

  @Test func refusesAnotherOrder() {
    #expect(fault([(.file, 0, "b"), (.file, 0, "a")]) == .order("a"))
    #expect(fault([(.file, 0, "a"), (.file, 0, "a")]) == .order("a"))
    #expect(fault([(.folder, 0, "a"), (.file, 1, "x"), (.folder, 0, "a")]) == .order("a"))
    // A file has nothing in it.
    #expect(fault([(.file, 0, "a"), (.file, 1, "x")]) == .damaged)
    #expect(fault([(.file, 1, "x")]) == .damaged)
    #expect(fault([(.link, 0, "a"), (.file, 1, "x")]) == .damaged)
  }

  @Test func refusesFoldersWithoutEnd() {
    let deep = (0..<Limits.listingDepth - 1).map { (Listing.Kind.folder, $0, "d") }
    #expect(fault(deep + [(.file, Limits.listingDepth - 1, "f")]) == nil)
    let path = Array(repeating: "d", count: Limits.listingDepth).joined(separator: "/")
    #expect(fault(deep + [(.folder, Limits.listingDepth - 1, "d")]) == .tooDeep(path))
  }

  @Test(arguments: [
    (0, "x", true), (0, "x/y", true), (1, "../x", true), (2, "../../x/y", true), (1, "..", true), (0, "..", false),
    (0, "../x", false), (1, "../../x", false), (0, "/etc/passwd", false), (0, "", false), (0, ".", false),
    (0, "x/../../y", false), (1, "x/..", false), (0, "x//y", false), (0, "x/", false), (1, "./../x", false),
    (0, "a\nb", false),
  ])
  func linksStayInTheFolder(_ depth: Int, _ target: String, _ stays: Bool) {
    #expect(linkStays(target, depth: depth) == stays)
    var writer = ListingWriter()
    for i in 0..<depth { writer.add(.folder, "d", depth: i) }
    writer.add(.link, "l", depth: depth, target: target)
    let path = String(repeating: "d/", count: depth) + "l"
    var fault: ListingFault?
    do throws(ListingFault) { _ = try writer.draft() } catch { fault = error }
    #expect(fault == (stays ? nil : .leadsOut(path)))
  }

  @Test func refusesWhatIsNotWhole() throws {
    let whole = try writer([(.folder, 0, "a"), (.file, 1, "b"), (.link, 1, "c"), (.executable, 0, "d")]).draft().bytes
    for count in whole.indices {
      let fault = fault(Array(whole[..<count]))
      #expect(fault == (count < 8 ? .noListing : .damaged), "\(count) bytes")
    }
    #expect(fault(whole + [0]) == .damaged)
    var other = whole
    other[11] = 2
    #expect(fault(other) == .otherVersion(2))
    #expect(fault([1, 2, 3]) == .noListing)
  }

  /// Whatever bytes a stranger sends, nothing traps, and what is taken is what was written.
  @Test func survivesAnyDamage() throws {
    let whole = try writer([(.folder, 0, "a"), (.file, 1, "b"), (.link, 1, "c"), (.executable, 0, "d")]).draft().bytes
    for seed in seeds(0..<2_000) {
      var random = SeededGenerator(seed: seed)
      var bytes = whole
      for _ in 0...random.next() % 3 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let listing = try? Listing(bytes) else { continue }
      #expect(listing.bytes == bytes, "seed \(seed)")
      for index in listing.entries.indices {
        let names = listing.path(index).split(separator: "/", omittingEmptySubsequences: false)
        #expect(names.allSatisfy { NameFault(of: String($0)) == nil }, "seed \(seed)")
      }
    }
  }

  @Test func refusesSizesThatCannotBe() throws {
    var writer = ListingWriter()
    writer.add(.file, "a", depth: 0, size: 1 << 63)
    writer.add(.file, "b", depth: 0, size: 1 << 62)
    var fault: ListingFault?
    do throws(ListingFault) { _ = try writer.draft() } catch { fault = error }
    #expect(fault == .damaged)
    // As many entries as it says, and a content as long as they are.
    var bytes = try self.writer([(.file, 0, "a")]).draft().bytes
    let count = 12 + 32 + 8 + 1 + 4
    bytes[count] = 0xff
    #expect(self.fault(bytes) == .tooLong)
    bytes[count] = 0
    bytes[count + 1] = 0x0f
    #expect(self.fault(bytes) == .damaged)
  }
}

/// Which paths a pattern means.
@Suite struct GlobTests {
  @Test(arguments: [
    ("*.jpg", "a.jpg", true), ("*.jpg", "x/y/a.jpg", true), ("*.jpg", "a.jpeg", false), ("x", "x/y/z", true),
    ("y", "x/y/z", true), ("x/y", "x/y/z", true), ("x/z", "x/y/z", false), ("x/*/z", "x/y/z", true),
    ("x/**", "x/y/z", true), ("**/z", "x/y/z", true), ("**/z", "z", true), ("x/**/z", "x/z", true),
    ("/z", "x/z", false),
    ("/z", "z/a", true), ("?", "é", true), ("[a-c]?", "bz", true), ("[!a-c]?", "bz", false), ("[^a]", "b", true),
    ("a*b*c", "axxbyyc", true), ("a*b*c", "axxbyy", false), ("\\*", "*", true), ("\\*", "a", false), ("", "a", false),
    ("/", "a", false), ("*", "a/b", true), ("[", "[", true), ("x/", "x/y", true),
  ])
  func means(_ pattern: String, _ path: String, _ isMeant: Bool) {
    #expect(Glob(pattern).matches(path) == isMeant, "\(pattern) \(path)")
  }
}
