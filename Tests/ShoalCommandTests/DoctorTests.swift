import Shoal
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalCommand

@Suite(.inRealTime) struct DoctorTests {
  private let there = Address(ipv4: 0xc000_0209, port: 7401)

  @Test func eachLineSaysOkOrWhatToDo() {
    let small = DoctorCommand.buffer("receive buffer", "net.core.rmem_max", 212_992, of: 8 << 20)
    #expect(small.finding == "213 kB of 8.39 MB wanted")
    #expect(small.remedy == "sudo sysctl -w net.core.rmem_max=8388608")
    #expect(DoctorCommand.buffer("b", "s", 8 << 20, of: 8 << 20).remedy == nil)
    #expect(DoctorCommand.offload(true, true).remedy == nil && DoctorCommand.offload(false, true).remedy != nil)
    #expect(DoctorCommand.clock(1, true).remedy == nil && DoctorCommand.clock(1, nil).remedy == nil)
    #expect(DoctorCommand.clock(1, false).remedy != nil && DoctorCommand.clock(4_000_000, true).remedy != nil)
    #expect(DoctorCommand.files(100).remedy != nil && DoctorCommand.files(1_024).remedy == nil)
    #expect(small.json.description.hasPrefix(#"{"event":"check","name":"receive buffer","ok":false,"#))
  }

  @Test func thisMachineIsLookedAt() throws {
    #expect(
      try DoctorCommand.machine().map(\.name) == ["receive buffer", "send buffer", "offload", "clock", "open files"])
    let scratch = try Scratch()
    #expect(DoctorCommand.disk(scratch.path).finding.hasPrefix(scratch.path))
    #expect(DoctorCommand.disk(scratch.at("none")).remedy?.hasPrefix("choose another directory") == true)
    #expect(scratch.names(in: ".").isEmpty)
  }

  @Test func aPathIsMeasured() async throws {
    let peer = try Peer.start(Peer.Options(listen: "127.0.0.1:0"))
    let found = try #require(try await PathFinding.look(at: peer.address, seconds: 3))
    let check = DoctorCommand.check(found, peer.address)
    #expect(found.isOpen && check.remedy == nil, "\(check.finding)")
    #expect(check.finding.hasPrefix("\(peer.address): RTT ") && check.finding.contains(", MTU "))
    await peer.close()
  }

  @Test func whoDoesNotAnswerIsSaid() {
    let check = DoctorCommand.check(PathFinding(isOpen: false, failure: "busy"), there)
    #expect(check.finding == "192.0.2.9:7401 does not answer (busy)")
    #expect(check.remedy?.contains("UDP 7401") == true)
    let blocked = DoctorCommand.check(PathFinding(isOpen: false, refusal: "no route"), there)
    #expect(blocked.finding == "nothing can be sent to 192.0.2.9:7401: no route")
  }
}
