import Foundation
import Glibc
import TestSupport
import Testing

@testable import shoal_wan

private let canMakeLinks = geteuid() == 0 && TestFile.allows(R_OK | W_OK, "/dev/net/tun")

/// The real program, between namespaces that it makes.
@Suite(
  .enabled(if: canMakeLinks, "needs root and /dev/net/tun"), .serialized)
struct LinkTests {
  @Test func everyPacketIsAccountedFor() throws {
    let wan = try RunningWan("delay=5ms,loss=10%/0%,corrupt=20%/0%,duplicate=5%/0%,seed=7")
    let receiver = try wan.datagramSocket(1, "10.77.0.2", port: 7_000)
    let sender = try wan.datagramSocket(0, "10.77.0.1", port: 0)
    let sent = Array(repeating: UInt8(0x5a), count: 201)
    for _ in 0..<500 { #expect(sender.send(sent, to: "10.77.0.2", port: 7_000)) }
    var (arrived, damaged) = (0, 0)
    while let datagram = receiver.receive(within: 500) {
      arrived += 1
      let flips = zip(datagram, sent).map { ($0 ^ $1).nonzeroBitCount }.reduce(0, +)
      #expect(datagram.count == sent.count && flips <= 3)
      if flips > 0 { damaged += 1 }
    }
    let report = try wan.stop()
    let up = try #require(report["up"] as? [String: Any])
    func count(_ key: String) -> Int { up[key] as? Int ?? -1 }
    #expect(count("offered_packets") == 500 && count("offered_bytes") == 500 * 229)
    #expect(count("ring_dropped") == 0 && count("overflow") == 0 && count("refused") == 0)
    #expect((20..<90).contains(count("lost")) && count("corrupted") > 50 && count("duplicated") > 5)
    // Everything that was not lost has passed the kernel's own checksum test, damaged or not.
    #expect(arrived == 500 - count("lost") + count("duplicated") && arrived == count("delivered_packets"))
    #expect((count("corrupted")...count("corrupted") + count("duplicated")).contains(damaged))
  }

  @Test func brokenChecksumsReachNoOne() throws {
    let wan = try RunningWan("corrupt=100%/0%,seed=3", "--break-checksums")
    let receiver = try wan.datagramSocket(1, "10.77.0.2", port: 7_000)
    let sender = try wan.datagramSocket(0, "10.77.0.1", port: 0)
    for _ in 0..<200 { _ = sender.send(Array(repeating: 0, count: 100), to: "10.77.0.2", port: 7_000) }
    var arrived = 0
    while receiver.receive(within: 300) != nil { arrived += 1 }
    let report = try wan.stop()
    let up = try #require(report["up"] as? [String: Any])
    #expect(up["corrupted"] as? Int == 200 && up["delivered_packets"] as? Int == 200)
    // Two flips may cancel out in a sum of words: those of bits with the same weight.
    #expect(arrived < 20)
  }

  @Test func carriesTCPOverIPv6AndRemovesItsTraces() throws {
    let wan = try RunningWan("delay=2ms,loss=2%,rate=100mbit")
    let listener = try wan.streamSocket(1)
    #expect(listener.listen("fd53:686f:616c::2", port: 7_001))
    let client = try wan.streamSocket(0)
    #expect(client.connect("fd53:686f:616c::2", port: 7_001))
    let server = try #require(listener.accept(within: 5_000))
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let writer = Thread { client.sendAll(bytes) }
    writer.start()
    var received: [UInt8] = []
    while received.count < bytes.count, let part = server.receive(within: 20_000), !part.isEmpty { received += part }
    #expect(received == bytes)
    _ = try wan.stop()
    #expect(isThere(wan.name) == [false, false])
  }

  @Test func runsACommandAndPassesItsStatusOn() throws {
    let outcome = try RunningWan.run(
      ["--link", "delay=1ms", "--name", RunningWan.newName(), "--", "/bin/sh", "-c", "echo here; exit 7"])
    #expect(outcome.status == 7 && outcome.output == "here\n", "\(outcome)")
    #expect(outcome.error.contains("offered") && outcome.error.contains("delivered"))
    let missing = try RunningWan.run(["--name", RunningWan.newName(), "--", "no-such-program"])
    #expect(missing.status == 127)
    #expect(missing.error == "shoal-wan: error: no-such-program: no such command; is it in PATH?\n")
    #expect(try RunningWan.run(["--name", RunningWan.newName(), "--", "/etc/passwd"]).status == 126)
  }

  @Test func saysWhatIsInTheWay() throws {
    let wan = try RunningWan("clean")
    let second = try RunningWan.run(["--name", wan.name])
    #expect(second.status == 1)
    #expect(
      second.error
        == "shoal-wan: error: another shoal-wan uses namespaces \(wan.name)-a and \(wan.name)-b; choose another --name\n"
    )
    #expect(try RunningWan.run(["--name", wan.name, "--replace"]).error == second.error)
    let third = try RunningWan.run(["--ns-a", "no-such-namespace"])
    #expect(third.status == 1 && third.error.hasPrefix("shoal-wan: error: there is no namespace no-such-namespace; "))
    _ = try wan.stop()
  }

  private func isThere(_ wan: String) -> [Bool] {
    ["a", "b"].map { TestFile.exists("/run/netns/\(wan)-\($0)") }
  }

  @Test func whatAKilledRunHasLeftIsRemovedWhereThatIsWished() throws {
    let wan = try RunningWan("clean")
    try wan.end(by: SIGKILL)
    #expect(isThere(wan.name) == [true, true])
    let second = try RunningWan.run(["--name", wan.name, "--", "true"])
    #expect(second.status == 1)
    #expect(
      second.error
        == "shoal-wan: error: an earlier run left namespaces \(wan.name)-a and \(wan.name)-b; add --replace to remove "
        + "both, or choose another --name\n")
    #expect(try RunningWan.run(["--name", wan.name, "--replace", "--", "true"]).status == 0)
    #expect(isThere(wan.name) == [false, false])
  }

  @Test(arguments: [SIGHUP, SIGQUIT, SIGALRM, SIGUSR2, SIGXCPU, 40]) func everySignalLeavesNothing(_ number: Int32)
    throws
  {
    let wan = try RunningWan("clean")
    try wan.end(by: number)
    #expect(isThere(wan.name) == [false, false])
  }

  @Test(arguments: ["", "--json"]) func aReaderThatGoesLeavesNothing(_ option: String) throws {
    let name = RunningWan.newName()
    // With SIGPIPE ignored, too, as in programs started from Python.
    for ignoring in ["", "trap '' PIPE;"] {
      let shell = try RunningProgram.shell(
        "(\(ignoring) sleep 0.2; exec shoal-wan --name \(name) --link clean \(option)) | true")
      #expect(!shell.output.contains("error") && !shell.error.contains("error"))
      #expect(isThere(name) == [false, false])
    }
    let shell = try RunningProgram.shell(
      "(shoal-wan --name \(name) --link clean \(option) & echo $!) | (read P; head -n 1; exec <&-; kill -INT $P)")
    #expect(shell.output.contains(option.isEmpty ? "READY" : "ready"))
    for _ in 0..<500 where isThere(name).contains(true) { usleep(10_000) }
    #expect(isThere(name) == [false, false])
  }
}
