import Foundation
import ShoalBase
import ShoalWire
import TestSupport
import Testing

@testable import shoal_dump

/// Captures, qlogs and hex dumps with random damage go through every command: it always exits with 0 or 1.
@Suite struct MutationTests {
  /// Set SHOAL_FUZZ to a number of hundreds for longer than the suite can.
  private static var rounds: Int { (environmentNumber("SHOAL_FUZZ") ?? 8) * 100 }

  private static let commands: [[String]] = [
    ["F", "-v", "-x"], ["F", "--json", "--all"], ["F", "--qlog"], ["F", "--absolute", "--time", "utc", "--all"],
    ["F", "-f", "chunk == 1 || id == 00 || resent || rtt > 1ms || in_flight > 3B"], ["F", "-w", "O", "--force"],
    ["stats", "F"], ["stats", "F", "--json", "--assert", "rtt.p99 < 1ms && goodput > 1MB/s && resent < 3%"],
    ["follow", "F"], ["follow", "F", "-o", "D", "--force"], ["diff", "F", "G", "--svg", "S", "--force"],
    ["report", "F", "-o", "R", "--force"], ["report", "F", "--svg", "D", "--force"], ["F", "--merge", "Q", "--qlog"],
    ["report", "F", "--qlog", "Q", "-o", "R", "--force"], ["explain", "F", "--qlog", "Q"], ["--hex"],
  ]

  /// A handshake, some packets of every kind, repeats, and frames of several datagrams; as a pcap of Ethernet frames,
  /// as one of Linux cooked frames, and as a qlog.
  private static let samples: [[UInt8]] = {
    do {
      let talk = try Conversation(window: 32)
      for sequence in UInt32(1_000)..<1_020 {
        let datagram = try talk.data(sequence, content: 300)
        if sequence % 5 == 0 { try talk.ack(sequence, top: sequence + 2, echo: talk.clock, slice: [1, 1], count: 2) }
        if sequence % 7 == 0 { talk.capture.add(datagram + datagram) }
      }
      try talk.data(1_004, attempt: 1)
      for type in PacketType.allCases { talk.capture.add(try filled(type.packet)) }
      for type in MessageType.allCases { talk.capture.add(try data(1_030, message(type.message))) }
      let frames = try (0..<6).map { try data(UInt32($0), block(offset: UInt64($0) * 90, count: 90)) }
      let pcap = pcapHeader(linkType: 101) + frames.flatMap { pcapRecord($0, cutTo: $0.count - 9) }
      let any = try Data(
        contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Captures/any.pcap"))
      return [talk.capture.bytes, pcap, [UInt8](any.prefix(6_000))]
    } catch { return [] }
  }()

  private static func filled<P: Packet>(_: P.Type) throws -> [UInt8] {
    var packet = P()
    var filler = Filler(generator: SeededGenerator(seed: 5))
    try packet.fields(&filler)
    return try packet.datagram(connection: Conversation.bobID, capacity: 9_000)
  }

  private static func message<M: Message>(_: M.Type) throws -> [UInt8] {
    var message = M()
    var filler = Filler(generator: SeededGenerator(seed: 6))
    try message.fields(&filler)
    return try message.encoded()
  }

  private func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<[0, 1, 1, 2, 3, 8, 20].randomElement(using: &random)! where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let numbers: [UInt64] = [0, 1, 1 << 31, .max, 1 << 63, 1 << 62, .random(in: 0 ... .max, using: &random)]
      let number = littleEndian(numbers.randomElement(using: &random)!)
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = [0, 1, 127, 128, 255].randomElement(using: &random)!
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + [1, 4, 64].randomElement(using: &random)!))
      case 3: bytes.insert(contentsOf: number.prefix(4), at: place)
      case 4: bytes.replaceSubrange(place..<min(bytes.count, place + 8), with: number)
      case 5: bytes.removeSubrange(place...)
      default:
        let from = Int.random(in: 0..<bytes.count, using: &random)
        bytes.insert(contentsOf: Array(bytes[from..<min(bytes.count, from + 200)]), at: place)
      }
    }
    return bytes
  }

  @Test func everyCommandSurvivesThem() throws {
    let scratch = try Scratch()
    let samples = Self.samples
    #expect(samples.count == 3 && samples.allSatisfy { $0.count > 500 })
    let qlog = Array(try inspect(samples[0], "--qlog").output.utf8.prefix(20_000))
    let null = TestFile.open("/dev/null", O_RDWR)
    defer { close(null) }
    for seed in seeds(0..<UInt64(Self.rounds)) {
      var random = SeededGenerator(seed: seed)
      let sample = samples.randomElement(using: &random)!
      let words = Self.commands.randomElement(using: &random)!
      try scratch.write("F", mutated(sample, &random))
      if words.contains("G") { try scratch.write("G", mutated(sample, &random)) }
      if words.contains("Q") { try scratch.write("Q", mutated(qlog, &random)) }
      var input = null
      if words == ["--hex"] {
        let start = Int.random(in: 0..<sample.count, using: &random)
        let digits = sample[start...].prefix(900).map { String($0, radix: 16) }.joined(separator: " ")
        input = TestFile.open(try scratch.write("I", mutated(Array(digits.utf8), &random)), O_RDONLY)
      }
      defer { if input != null { close(input) } }
      let given = words.map { $0.count == 1 ? scratch.at($0) : $0 }
      let status = ShoalDump.run(given, input: input, output: null, error: null)
      #expect(status < 2, "seed \(seed): \(words)")
    }
  }
}
