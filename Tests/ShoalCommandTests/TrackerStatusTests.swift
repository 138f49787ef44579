import ShoalTerminal
import TestSupport
import Testing

@testable import ShoalCommand

/// `shoal tracker status`, metrics and a socket that was passed, with real processes.
@Suite(.serialized) struct TrackerStatusTests {
  private func beside(_ line: String, start: String = "shoal tracker --listen [::]:0") throws -> Outcome {
    let scratch = try Scratch()
    return try RunningProgram.shell(
      """
      cd \(scratch.path); mkdir -m 700 run; export XDG_RUNTIME_DIR=$PWD/run
      \(start) --metrics 127.0.0.1:0 >log 2>log & P=$!
      for i in $(seq 200); do grep -q listening log && break; sleep 0.05; done
      PORT=$(grep listening log | sed 's/.*://')
      \(line)
      S=$?; kill $P 2>/dev/null; exit $S
      """)
  }

  /// One socket takes both families, and names a peer of either to the other.
  @Test func itsStateIsShown() throws {
    let result = try beside(
      """
      head -c 100000 /dev/urandom >film.mkv
      shoal share film.mkv --tracker [::1]:$PORT --listen [::]:0 >ticket 2>/dev/null & Q=$!
      for i in $(seq 100); do
        [ -s ticket ] && shoal lookup $(cat ticket) --tracker 127.0.0.1:$PORT 2>/dev/null && break; sleep 0.05
      done
      kill $Q; wait $Q
      shoal tracker status --top; shoal tracker status --top --json
      M=$(grep -o 'http://[^ ]*' log); curl -s $M | grep tracker_ || true
      """)
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains(" tracker at [::]:"), "\(result.output)\(result.error)")
    #expect(result.output.contains("100%"), "it is found over IPv4 where it was registered over IPv6")
    #expect(result.output.contains("requests: ") && result.output.contains("answered within "))
    #expect(result.output.contains(#""types":{"#) && result.output.contains(#""answer_median":0."#))
    #expect(result.output.contains(#""event":"done""#))
  }

  @Test func onlyTheWordStatusMayFollow() throws {
    let result = try RunningProgram.shell("shoal tracker start")
    #expect(result.status == 2 && result.error.contains("must be the word status"), "\(result.error)")
    let early = try RunningProgram.shell("shoal tracker --top")
    #expect(early.status == 2 && early.error.contains("--top is for shoal tracker status"), "\(early.error)")
  }

  @Test func aPassedSocketIsTaken() throws {
    func socket(_ variables: [String: String], listen: GivenValue? = nil) throws -> Int32? {
      try PassedSockets.socket(beside: listen, process: 7) { variables[$0] ?? "" }
    }
    #expect(try socket([:]) == nil)
    #expect(try socket(["LISTEN_PID": "8", "LISTEN_FDS": "1"]) == nil)
    #expect(try socket(["LISTEN_PID": "7", "LISTEN_FDS": "0"]) == nil)
    #expect(try socket(["LISTEN_PID": "7", "LISTEN_FDS": "1"]) == 3)
    #expect(throws: UsageError.self) { try socket(["LISTEN_PID": "7", "LISTEN_FDS": "2"]) }
    let listen = GivenValue(label: "--listen", text: ":7400")
    #expect(throws: UsageError.self) { try socket(["LISTEN_PID": "7", "LISTEN_FDS": "1"], listen: listen) }
  }

  @Test(.enabled(if: RunningProgram.exists("python3"))) func itListensOnASocketThatItIsGiven() throws {
    let scratch = try Scratch()
    let script = """
      import os, socket
      s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
      s.bind(("::", 0)); os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
      os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
      os.execvp("shoal", ["shoal", "tracker"] + os.sys.argv[1:])
      """
    try scratch.write("pass.py", Array(script.utf8))
    let result = try beside(
      "shoal list --tracker 127.0.0.1:$PORT && shoal list --tracker [::1]:$PORT",
      start: "python3 \(scratch.at("pass.py"))")
    #expect(result.status == 0, "\(result.output)\(result.error)")
  }
}
