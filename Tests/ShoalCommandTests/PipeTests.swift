import Shoal
import TestSupport
import Testing

/// `tar c DIR | shoal share -` and `shoal get TICKET -o - | tar x`.
@Suite struct PipeTests {
  @Test func whatGoesInComesOut() throws {
    let scratch = try Scratch()
    try scratch.file("in", 3_000_000)
    let content = try scratch.read("in")
    let sharer = try RunningProgram(
      "shoal", ["share", "-", "--name", "film.mkv", "--listen", "127.0.0.1:0"], input: content)
    let ticket = try #require(try sharer.nextLine())
    #expect(try Ticket(ticket).name == "film.mkv")
    let copy = scratch.at("copy")
    let outcome = try RunningProgram.shell("shoal get \(ticket) --output - --link delay=1ms,loss=1% > \(copy)")
    #expect(outcome.status == 0 && outcome.error.contains("film.mkv: 3.0 MB in "), "\(outcome)")
    #expect(!outcome.error.contains("discarded"))
    let isSame = try scratch.read("copy") == content
    #expect(isSame)
    // A reader that has had enough ends it.
    let cut = try RunningProgram.shell("shoal get \(ticket) -o - | head -c 100000 | wc -c")
    #expect(cut.output == "100000\n", "\(cut)")
    #expect(scratch.names == ["copy", "in"])
    sharer.send(15)
    #expect(try sharer.finish().signal == 15)
  }

  @Test(arguments: [
    (["get", "x", "--tracker", "a", "-o", "-", "--stay"], "keeps nothing: leave out --stay"),
    (["get", "x", "--tracker", "a", "-o", "-", "--json"], "keeps nothing: leave out --json"),
    (["share", "/dev/null", "--name", "x", "--list=y"], "--name and --list: give one name"),
    (["share", "-", "--list"], "has no name; write --list=NAME"),
    (["share", "-", "x"], "-: standard input is shared alone"),
  ])
  func whatDoesNotGoTogetherIsNamed(_ words: [String], _ message: String) throws {
    let outcome = try RunningProgram.run("shoal", words)
    #expect(outcome.status == 2 && outcome.error.contains(message), "\(outcome)")
  }
}
