import TestSupport
import Testing

/// What commands print when they fail: the cause, once, and nothing after it.
@Suite(.serialized) struct LastWordTests {
  /// Runs a line of shell beside a sharer of a made-up file; in the line, `$T` is its ticket and `$P` its process.
  private func beside(_ size: String, _ line: String) throws -> Outcome {
    let scratch = try Scratch()
    return try RunningProgram.shell(
      """
      cd \(scratch.path); head -c \(size) /dev/urandom >film.mkv
      shoal share film.mkv --listen 127.0.0.1:0 >ticket 2>share.err & P=$!
      for i in $(seq 200); do [ -s ticket ] && break; sleep 0.05; done
      T=$(cat ticket)
      \(line)
      S=$?; kill $P 2>/dev/null; exit $S
      """)
  }

  @Test func aDiskThatIsFullIsTheLastThingSaid() throws {
    for _ in 0..<4 {
      // The shell's `ulimit -f` counts blocks of 512 bytes; writing more is as if there were no room.
      let result = try beside("20000000", "(ulimit -f 2000; trap '' XFSZ; shoal get \"$T\" -o out --json)")
      let lines = result.output.split(separator: "\n")
      #expect(result.status == 1)
      #expect(lines.last?.contains(#""event":"error""#) == true, "\(result.output)")
      #expect(!result.output.contains("left") && !result.error.contains("left"), "\(result.output)")
      #expect(result.error.split(separator: "\n").last?.hasPrefix("shoal: error: ") == true)
    }
  }

  @Test func anErrorWhileConnectedIsTheLastThingSaid() throws {
    for _ in 0..<4 {
      let result = try beside("300000", "echo other >out; shoal get \"$T\" -o out --json")
      #expect(result.status == 1)
      #expect(result.output.split(separator: "\n").last?.contains(#""code":"exists""#) == true, "\(result.output)")
      #expect(!result.output.contains("left") && !result.error.contains("left"), "\(result.output)")
    }
  }

  @Test func aNameThatNobodyCanUseIsToldToWhoSharesIt() throws {
    let result = try beside(
      "10", "cp film.mkv .env; shoal share .env --listen 127.0.0.1:0 2>&1 >env & Q=$!; sleep 1; kill $Q; wait $Q; true")
    #expect(
      result.output.contains(
        "warning: the file's name, .env, would hide it: receivers must choose another, with --output PATH\n"))
  }

  @Test func aChunkThatIsNotThereIsNoChunkThatNobodyHas() throws {
    let result = try beside("3000000", "shoal lookup \"$T\" --chunk 99999")
    #expect(result.status == 1)
    #expect(
      result.error.hasPrefix("shoal: error: \"film.mkv\" has no chunk 99999: it has chunks 0 to "), "\(result.error)")
  }

  @Test func thePathIsPrintedAsItIs() throws {
    let result = try beside("10", "mkdir d; shoal get \"$T\" -o \"$(printf 'd/a\\342\\200\\214b')\"; ls d")
    #expect(result.output == "d/a\u{200C}b\na\u{200C}b\n")
  }
}
