import Glibc
import TestSupport
import Testing

/// The runner that the tests of programs rely on.
@Suite struct RunningProgramTests {
  @Test func bothStreamsAreCollectedWhateverTheirLength() throws {
    let input = [UInt8](repeating: 7, count: 300_000)
    let outcome = try RunningProgram.run("/bin/sh", ["-c", "tee /dev/stderr; exit 3"], input: input)
    #expect(outcome.output.utf8.elementsEqual(input) && outcome.error.utf8.elementsEqual(input))
    #expect(outcome.status == 3 && outcome.signal == nil)
  }

  @Test func linesAreReadAsTheyCome() throws {
    let program = try RunningProgram("/bin/sh", ["-c", "echo one; read X; printf two; kill -TERM $$"], input: [10])
    #expect(try program.nextLine() == "one")
    #expect(try program.nextLine() == "two")
    #expect(try program.nextLine() == nil)
    let outcome = try program.finish()
    #expect(outcome.signal == SIGTERM && outcome.status == 128 + SIGTERM)
  }

  @Test func whoeverTakesTooLongIsNamedAndKilled() throws {
    // What it has started is killed too, and none of it is left unreaped.
    let scratch = try Scratch()
    let line = "sleep 100 & echo $! >\(scratch.at("child")); echo so far; exec sleep 100"
    #expect {
      try RunningProgram.shell(line, deadline: .milliseconds(500))
    } throws: {
      "\($0)".hasPrefix("/bin/sh -c \(line): still runs after 0.5 seconds\nso far\n")
    }
    let child = try #require(pid_t(scratch.text("child").dropLast()))
    for _ in 0..<500 where try isRunning(child) { usleep(10_000) }
    #expect(try !isRunning(child))
  }

  /// A dead process may still be listed until whoever adopted it has noticed.
  private func isRunning(_ process: pid_t) throws -> Bool {
    let line = try RunningProgram.shell("cat /proc/\(process)/stat").output
    return !line.isEmpty && !line.contains(") Z ")
  }

  @Test func nothingIsLeftOfAScratchFolder() throws {
    var scratch: Scratch? = try Scratch()
    let path = try #require(scratch?.path)
    try scratch?.folder("a")
    try scratch?.write("a/b", [1])
    #expect(TestFile.makeLink(path + "/a/link", to: "/nowhere"))
    #expect(scratch?.names(in: "a") == ["b", "link"])
    scratch = nil
    #expect(!TestFile.exists(path))
  }

  @Test func aProgramThatIsNotThereIsNamed() {
    #expect(!RunningProgram.exists("no-such-program"))
    #expect { try RunningProgram.run("no-such-program") } throws: { "\($0)".hasPrefix("no-such-program: neither") }
  }
}
