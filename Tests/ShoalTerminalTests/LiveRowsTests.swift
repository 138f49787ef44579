import Testing

@testable import ShoalTerminal

/// Rows that are redrawn in place below a progress line.
@Suite struct LiveRowsTests {
  private func line(columns: Int) throws -> (Pipe, ProgressLine) {
    let pipe = try Pipe()
    let terminal = Terminal(pipe.writer, environment: Environment(["LANG": "C.UTF-8", "COLUMNS": "\(columns)"]))
    return (pipe, ProgressLine(terminal: terminal, policy: .always))
  }

  @Test func rowsAreDrawnOverThoseBefore() throws {
    var (pipe, line) = try line(columns: 30)
    let first = line.show(rows: { _, _ in ["a", "b"] }, now: 10)
    #expect(first == "\ra\u{1B}[K\nb\u{1B}[K\u{1B}[J")
    #expect(line.show(rows: { _, _ in ["c"] }, now: 10.1).isEmpty)
    #expect(line.show(rows: { _, _ in ["c"] }, now: 10.3) == "\r\u{1B}[1Ac\u{1B}[K\u{1B}[J")
    #expect(line.erase() == "\r\u{1B}[K" && line.erase() == "\r\u{1B}[K")
    #expect(line.redraw() == "\rc\u{1B}[K")
    #expect(line.end() == "\r\u{1B}[K" && line.redraw().isEmpty)
    withExtendedLifetime(pipe) {}
  }

  @Test(arguments: [1, 2, 20, 80, 300]) func noRowIsWiderThanTheScreen(columns: Int) throws {
    var (pipe, line) = try line(columns: columns)
    let wide = String(repeating: "界", count: 400)
    let frame = line.show(rows: { columns, _ in [wide, "\(columns)"] }, now: 1)
    for row in frame.split(separator: "\n") {
      let text = row.replacing("\u{1B}[K", with: "").replacing("\u{1B}[J", with: "").replacing("\r", with: "")
      #expect(displayWidth(String(text)) < max(columns, 2))
    }
    withExtendedLifetime(pipe) {}
  }

  @Test func whatDoesNotFitTheHeightIsCounted() throws {
    var (pipe, line) = try line(columns: 80)
    let frame = line.show(rows: { _, _ in (0..<1_000).map { "row \($0)" } }, now: 1)
    #expect(frame.split(separator: "\n").count == 23 && frame.contains("and 978 more"))
    withExtendedLifetime(pipe) {}
  }

  @Test func nothingIsDrawnWhereNobodyWatches() throws {
    let pipe = try Pipe()
    var line = ProgressLine(terminal: Terminal(pipe.writer, environment: Environment([:])), policy: .auto)
    #expect(line.show(rows: { _, _ in ["a"] }, now: 1).isEmpty && line.end().isEmpty && !line.isLive)
  }
}
