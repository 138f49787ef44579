import TestSupport
import Testing

/// `shoal status`, `stop` and `share --once`, with real processes.
@Suite(.serialized) struct SteeringTests {
  private func beside(_ line: String, share: String = "", what: String = "film.mkv") throws -> Outcome {
    let scratch = try Scratch()
    return try RunningProgram.shell(
      """
      cd \(scratch.path); mkdir -m 700 run; export XDG_RUNTIME_DIR=$PWD/run
      head -c 3000000 /dev/urandom >film.mkv; mkdir album; cp film.mkv album/a; echo b >album/b
      shoal share \(what) --listen 127.0.0.1:0 \(share) >ticket 2>share.err & P=$!
      for i in $(seq 200); do [ -s ticket ] && break; sleep 0.05; done
      T=$(cat ticket)
      \(line)
      S=$?; kill $P 2>/dev/null; exit $S
      """)
  }

  @Test func aSharerEndsAfterTheCopiesThatItIsToGive() throws {
    let result = try beside(
      "shoal get $T -o a -q && shoal get $T -o b -q && wait $P && echo ended && tail -3 share.err", share: "--once 2")
    #expect(result.status == 0, "\(result.error)")
    let lines = result.output.split(separator: "\n")
    #expect(lines.dropFirst(2).first == "ended" && lines.last == "2 complete copies: done.")
    #expect(lines.count == 6 && lines[4].hasSuffix("has it all (3.0 MB from here)"))
  }

  /// A folder counts as copied when its content is, not just its listing.
  @Test func aFolderIsCopiedWhenItsContentIs() throws {
    let result = try beside(
      "shoal get $T -o copy -q && wait $P && diff -r album copy && grep has share.err; tail -1 share.err",
      share: "--once", what: "album")
    #expect(result.status == 0, "\(result.error)")
    let lines = result.output.split(separator: "\n")
    #expect(
      lines.last == "1 complete copy: done." && lines.count { $0.contains("has it all") } == 1, "\(result.output)")
  }

  @Test func theLastObjectIsDone() throws {
    let result = try beside(
      "shoal get $(grep -o 'shoal1[a-z0-9]*' ticket | head -1) -o a -q; wait $P && cat ticket", share: "--once --json")
    let lines = result.output.split(separator: "\n")
    #expect(result.status == 0 && lines.last?.hasSuffix(#""copies":1}"#) == true, "\(result.output)")
    #expect(lines.contains { $0.contains(#""event":"served""#) && $0.hasSuffix(#""bytes":3000000}"#) })
  }

  @Test func processesAreSeenAndStopped() throws {
    let result = try beside(
      """
      shoal status --json && shoal status && shoal status nobody; shoal stop film.mkv; wait $P; echo "ended $?"
      shoal status; ls run/shoal
      """)
    #expect(result.output.contains(#""event":"file""#) && result.output.contains(#""event":"done""#))
    #expect(result.output.contains("film.mkv  ") && result.output.contains("used: "))
    #expect(result.output.contains("ended 143\n"), "\(result.output)\(result.error)")
    #expect(result.error.contains(#"no shoal process of yours has "nobody""#))
    #expect(result.error.contains("no shoal process of yours is running"))
  }

  @Test func limitsAreChangedAndShown() throws {
    let result = try beside(
      """
      shoal limit film.mkv --max-upload 2MB/s -q && shoal status && shoal limit --max-upload none -q && shoal status --json
      shoal limit --max-upload many; echo $?; shoal limit; echo $?
      """)
    let lines = result.output.split(separator: "\n")
    #expect(lines.first?.hasSuffix("up 0 B/s (limit 2.00 MB/s), down 0 B/s") == true, "\(result.output)\(result.error)")
    #expect(result.output.contains(#""max_upload":null"#) && lines.suffix(2) == ["2", "2"])
  }

  /// Values from a file of defaults; a broken file is reported.
  @Test func defaultsAreRead() throws {
    let result = try beside(
      """
      mkdir -p etc/shoal; export XDG_CONFIG_HOME=$PWD/etc; printf '[get]\\noutput = there\\nquiet = yes\\n' >etc/shoal/config
      shoal get $T && printf '[get]\\noutptu = x' >etc/shoal/config; shoal get $T; echo $?; shoal get $T --no-config -q
      """)
    #expect(result.output == "there\n2\nfilm.mkv\n", "\(result.output)")
    #expect(
      result.error.hasSuffix(
        "/config:2: outptu is no option of 'shoal get' that a file may give; did you mean output?\n"))
  }

  @Test func aTrackerListsWhatWasRegisteredThere() throws {
    let scratch = try Scratch()
    let result = try RunningProgram.shell(
      """
      cd \(scratch.path); mkdir -m 700 run; export XDG_RUNTIME_DIR=$PWD/run; echo a >a.txt; echo b >'b c.txt'
      shoal tracker --listen 127.0.0.1:0 --json >tracker & for i in $(seq 200); do [ -s tracker ] && break; sleep 0.05; done
      A=$(grep -o '127.0.0.1:[0-9]*' tracker | head -1)
      shoal share a.txt --listen 127.0.0.1:0 --tracker $A >ta 2>/dev/null & shoal share 'b c.txt' --listen 127.0.0.1:0 --tracker $A >tb 2>/dev/null &
      for i in $(seq 200); do shoal list --tracker $A >out; [ $(wc -l <out) -eq 2 ] && break; sleep 0.05; done; sort out
      shoal list --tracker $A --json --most 1 | tail -1; shoal stop 'b c.txt' -q && shoal stop --all -q; wait
      """)
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 3 && lines[0].hasPrefix("\"b c.txt\"  2 B  1 peer  "), "\(result.output)\(result.error)")
    #expect(lines.last?.hasSuffix(#""files":2,"told":1}"#) == true)
  }

  @Test func whatAKilledProcessLeavesIsNoProcess() throws {
    let result = try beside("kill -9 $P; wait $P; ls run/shoal; shoal status; ls run/shoal")
    #expect(result.output.hasSuffix(".sock\n") && result.output.split(separator: "\n").count == 1)
    #expect(result.error.contains("no shoal process of yours is running"))
  }
}
