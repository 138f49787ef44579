import TestSupport
import Testing

/// `shoal status`, `stop` and `share --once`, with real processes.
@Suite(.serialized) struct SteeringTests {
  private func beside(_ line: String, share: String = "") throws -> Outcome {
    let scratch = try Scratch()
    return try RunningProgram.shell(
      """
      cd \(scratch.path); mkdir -m 700 run; export XDG_RUNTIME_DIR=$PWD/run
      head -c 3000000 /dev/urandom >film.mkv
      shoal share film.mkv --listen 127.0.0.1:0 \(share) >ticket 2>share.err & P=$!
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
    #expect(result.error.contains("no shoal process of yours runs"))
  }

  @Test func whatAKilledProcessLeavesIsNoProcess() throws {
    let result = try beside("kill -9 $P; wait $P; ls run/shoal; shoal status; ls run/shoal")
    #expect(result.output.hasSuffix(".sock\n") && result.output.split(separator: "\n").count == 1)
    #expect(result.error.contains("no shoal process of yours runs"))
  }
}
