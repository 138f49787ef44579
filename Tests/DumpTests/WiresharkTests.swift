import Foundation
import ShoalBase
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// The dissector follows from the packets' declarations, and with it Wireshark reads what we read.
@Suite struct WiresharkTests {
  private static let script = Checkout.path("tools/wireshark/shoal.lua")

  @Test func theCommittedScriptIsTheGeneratedOne() throws {
    let outcome = try run(["--lua"])
    let isEqual = outcome.output == (try Checkout.text("tools/wireshark/shoal.lua"))
    #expect(isEqual, "swift run shoal-dump --lua >tools/wireshark/shoal.lua")
  }

  @Test(.enabled(if: RunningProgram.exists("tshark"), "tshark is not installed"), arguments: ["sr", "gbn"])
  func readsATransferAsWeDo(_ arq: String) async throws {
    let bytes = try await TransferCapture.make("loss=5%,corrupt=3%,delay=3ms", size: 400_000, arq: arq)
    // The file's blocks alone are as many; how many ACKs there are depends on how busy the machine is.
    try compare(bytes, atLeast: 280)
  }

  @Test(.enabled(if: RunningProgram.exists("tshark"), "tshark is not installed"))
  func readsEveryPacketAndMessage() throws {
    let capture = TestCapture()
    var generator = SeededGenerator(seed: 11)
    for type in PacketType.allCases where type != .data {
      for _ in 0..<3 { capture.add(try datagram(type.packet, &generator)) }
    }
    for type in MessageType.allCases {
      for sequence in UInt32(0)..<3 { capture.add(try data(sequence, message(type.message, &generator))) }
    }
    // On an unknown port, and with a damaged magic: recognised by its conversation.
    let (a, b) = (Address(ipv4: 0x0a00_0007, port: 30_001), Address(high: 1 << 61, low: 9, port: 30_002))
    capture.add(try data(1), from: a, to: b)
    var damaged = try data(2)
    damaged[0] ^= 4
    capture.add(damaged, from: a, to: b)
    capture.add(try data(1, attempt: 3), from: a, to: b)
    capture.add([1, 2, 3], from: bob, to: alice)
    try compare(capture.bytes, atLeast: 60)
  }

  private func datagram<P: Packet>(_: P.Type, _ generator: inout SeededGenerator) throws -> [UInt8] {
    var packet = P()
    var filler = Filler(generator: generator)
    try packet.fields(&filler)
    generator = filler.generator
    return try packet.datagram(connection: generator.next(), capacity: 9_000)
  }

  private func message<M: Message>(_: M.Type, _ generator: inout SeededGenerator) throws -> [UInt8] {
    var message = M()
    var filler = Filler(generator: generator)
    try message.fields(&filler)
    generator = filler.generator
    return try message.encoded()
  }

  /// Compares every field, checksum verdict, repeat and answer that tshark finds with ours.
  private func compare(_ bytes: [UInt8], atLeast least: Int) throws {
    let scratch = try Scratch()
    let file = try scratch.write("wireshark.pcapng", bytes)
    let hidden = ["padding", "magic", "checksum", "messages"]
    let kinds = Dictionary(LuaDissector.all.map { (LuaDissector.filter($0), $0.kind) }) { kind, _ in kind }
    let fields = kinds.keys.filter { !hidden.contains($0) }.sorted()
    let special = ["frame.number", "shoal.checksum.status", "shoal.missing", "shoal.resent", "shoal.response_to"]
    let names = special + fields.map { "shoal." + $0 }
    let words = ["-X", "lua_script:\(Self.script)", "-r", file, "-T", "fields", "-E", "aggregator=;"]
    let tshark = try RunningProgram.run("tshark", words + names.flatMap { ["-e", $0] })
    let theirs = tshark.output.split(separator: "\n").map { line in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return Dictionary(zip(names, cells)) { a, _ in a }
    }
    let ours = try run([file, "--json", "--all"]).lines.dropLast().map { line in
      try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    let texts = try run([file, "--all"]).lines
    #expect(tshark.status == 0, "\(tshark.error)")
    #expect(ours.count == theirs.count && ours.count >= least)
    for ((our, their), text) in zip(zip(ours, theirs), texts) {
      let number = try #require(our["n"] as? Int)
      #expect(their["frame.number"] == "\(number)")
      let status = ["ok": "1", "bad": "0"][our["checksum"] as? String] ?? (our["type"] is NSNull ? "" : "2")
      // A flipped bit in the version, before anything else was seen between the two, makes a datagram unrecognisable.
      let isUnknown = our["checksum"] as? String == "bad" && (our["error"] as? String)?.hasPrefix("version") == true
      #expect(their["shoal.checksum.status"] == status || isUnknown, "\(text)")
      let answered = text.firstMatch(of: /\[reply to (\d+)/).map { String($0.1) } ?? ""
      #expect(their["shoal.response_to"] == answered, "\(text)")
      #expect(their["shoal.resent"]?.isEmpty == !text.contains("resent, attempt"), "\(text)")
      guard our["checksum"] as? String == "ok", our["error"] == nil else { continue }
      let expected = try WiresharkFields(our).values
      for name in fields {
        let value = WiresharkFields.plain(their["shoal." + name], kinds[name]!)
        #expect(value == (expected[name] ?? []).joined(separator: ";"), "\(name) of \(text)")
      }
      #expect(their["shoal.missing"] == (expected["missing"] ?? [""]).joined(separator: ";"), "\(text)")
    }
  }
}
