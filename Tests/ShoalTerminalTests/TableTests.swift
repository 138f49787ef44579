import Testing

@testable import ShoalTerminal

@Suite struct TableTests {
  @Test func columnsAlign() {
    var table = Table([.init("peer"), .init("MB", .right), .init("sent", .right), .init("hash")])
    table.add(["a", "64.0", "44,310", "equal"])
    table.add(["bcdef", "7.1", "9"])
    #expect(
      table.lines == [
        "peer     MB    sent  hash",
        "a      64.0  44,310  equal",
        "bcdef   7.1       9",
      ])
  }

  @Test func whatHasNoRoomIsLeftOutFromTheRight() {
    var table = Table([.init("peer"), .init("MB", .right), .init("from"), .init("hash", isVital: true)])
    table.add(["a", "64.0", "b, c, d, e, f", "equal"])
    #expect(table.lines(width: 32) == table.lines)
    #expect(table.lines(width: 31) == ["peer    MB  hash", "a     64.0  equal"])
    #expect(table.lines(width: 17) == table.lines(width: 31))
    #expect(table.lines(width: 16) == ["peer  hash", "a     equal"])
    #expect(table.lines(width: 1) == table.lines(width: 16))
  }

  @Test func withoutTitles() {
    var table = Table([.init(), .init("", .right)])
    table.add(["中文", "1"])
    table.add(["abcdef", "23"])
    #expect(table.lines == ["中文     1", "abcdef  23"])
    #expect(Table([]).lines.isEmpty)
  }

  @Test func elision() {
    #expect(elided("film.mkv", to: 8, unicode: true) == "film.mkv")
    #expect(elided("long-film-name.mkv", to: 9, unicode: true) == "long….mkv")
    #expect(elided("long-film-name.mkv", to: 9, unicode: false) == "lon...mkv")
    #expect(elided("中文中文", to: 5, unicode: true) == "中…文")
    #expect(elided("abcdef", to: 2, unicode: false) == "ab")
    #expect(clipped("中文", to: 3) == "中")
  }

  @Test func widths() {
    #expect(displayWidth("abc") == 3)
    #expect(displayWidth("中文") == 4)
    #expect(displayWidth("e\u{301}") == 1)
    #expect(displayWidth("😀") == 2)
    #expect(displayWidth("████▏…") == 6)
  }
}
