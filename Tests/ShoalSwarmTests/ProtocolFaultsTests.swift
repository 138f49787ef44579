import Foundation
import ShoalBase
import ShoalContent
import ShoalTracker
import ShoalTransport
import ShoalWire
import TestSupport
import Testing

@testable import ShoalSwarm

/// Executes the faults of Protocol.md, section 13.6.
@Suite struct ProtocolFaultsTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    var name: String
    var state: String
    var answer: String
    var datagram: [UInt8] = []
    var testDescription: String { name }
  }

  static let faults: [Fault] = {
    var faults: [Fault] = []
    for line in (try? ProtocolDocument().vectors("faults").first?.lines) ?? [] {
      if line.hasPrefix("  ") {
        faults[faults.count - 1].datagram += bytes(line.dropFirst(2))
      } else {
        let parts = line.components(separatedBy: ": ")
        let rest = parts[1].components(separatedBy: " -> ")
        faults.append(Fault(name: parts[0], state: rest[0], answer: rest[1]))
      }
    }
    return faults
  }()

  private static func bytes(_ notation: Substring) -> [UInt8] {
    if notation.hasPrefix("00*") { return Array(repeating: 0, count: Int(notation.dropFirst(3)) ?? 0) }
    let digits = Array(notation)
    return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
  }

  @Test func thereAreMany() { #expect(Self.faults.count > 60) }

  @Test(arguments: faults) func fault(_ fault: Fault) throws {
    let found = fault.state == "tracker" ? try atTracker(fault) : try atPeer(fault)
    #expect(found == fault.answer)
  }

  // MARK: A peer

  private static let stranger = Address(ipv4: 0xc633_6407, port: 7401)
  private static let theirID: UInt64 = 0x1f2e_3d4c_5b6a_7988
  private func atPeer(_ fault: Fault) throws -> String {
    var configuration = SwarmConfiguration()
    let isOpener = fault.state == "opening" || fault.state == "fetching"
    configuration.transport.initialSequence = isOpener ? 0xffff_fffe : 1_000
    var peer = FaultyPeer(Swarm(configuration, secrets: SecretGenerator(seed: 1)))
    let manifest = Self.manifest()
    switch fault.state {
    case "new", "serving":
      _ = peer.swarm.share(manifest, name: "façade.bin", at: peer.now)
    default:
      let key = peer.swarm.download(id: manifest.id, at: peer.now)
      peer.swarm.add(peer: Self.stranger, for: key, at: peer.now)
    }
    var ours: UInt64 = 0
    switch fault.state {
    case "serving":
      var open = OpenPacket()
      (open.initialSequence, open.window, open.idleTimeout) = (0xffff_fffe, 65_536, 30)
      let accepts = try peer.exchange(open.datagram(connection: Self.theirID), from: Self.stranger)
      let accept = try #require(accepts.first)
      ours = try AcceptPacket.decode(accept.span).responder
      var want = Want()
      want.id = manifest.id
      _ = try peer.exchange(try data(0xffff_fffe, want, to: ours), from: Self.stranger)
    case "opening", "fetching":
      let opens = try peer.exchange(nil, from: Self.stranger)
      let open = try #require(opens.first)
      ours = try Header.decode(open.span).header.connection
      guard fault.state == "fetching" else { break }
      var accept = AcceptPacket()
      (accept.responder, accept.initialSequence, accept.window) = (0xa0b1_c2d3_e4f5_0617, 1_000, 65_536)
      _ = try peer.exchange(try accept.datagram(connection: ours), from: Self.stranger)
    default: break
    }
    var datagram = fault.datagram
    // Only in what is sent to the receiver's own id is that replaced by this receiver's.
    let written: UInt64 = fault.state == "serving" ? 0xa0b1_c2d3_e4f5_0617 : Self.theirID
    if fault.state != "new" { replace(written, ours, at: 8, in: &datagram) }
    let replies = try peer.exchange(datagram, from: Self.stranger)
    let spoken = try replies.compactMap { try peer.describe($0) }
    if spoken.isEmpty, fault.state == "serving" || fault.state == "fetching", peer.swarm.connectionCount == 0 {
      return "closed"
    }
    return spoken.isEmpty ? "nothing" : spoken.joined(separator: ", ")
  }

  private func data(_ sequence: UInt32, _ message: some Message, to id: UInt64) throws -> [UInt8] {
    var packet = DataPacket()
    packet.sequence = sequence
    var bytes = try packet.datagram(connection: id) + message.encoded()
    Datagram.seal(&bytes)
    return bytes
  }

  /// Replaces the number `old` by another, and corrects the checksum if it was right.
  private func replace(_ old: UInt64, _ new: UInt64, at offset: Int, in datagram: inout [UInt8]) {
    guard datagram.count >= offset + 8 else { return }
    let isIntact = Checksum.isValid(datagram.span)
    let found = datagram[offset..<offset + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard found == old else { return }
    for i in 0..<8 { datagram[offset + i] = UInt8(truncatingIfNeeded: new >> UInt64(56 - 8 * i)) }
    if isIntact { Datagram.seal(&datagram) }
  }

  private static func manifest() -> Manifest {
    let cut = Cut(size: 7_181, pieceExponent: 11, chunks: 4)
    let pieces = (0..<cut.pieces).map { piece in
      let start = Int(cut.pieceOffset(piece))
      return Array(content[start..<start + cut.pieceLength(piece)])
    }
    let values = pieces.enumerated().map { number, piece in
      Blake3.chainingValue(of: piece.span, firstLeaf: cut.pieceOffset(number) / UInt64(Blake3.leafBytes))
    }
    let last = pieces[cut.pieces - 1]
    return Manifest(cut: cut, values: values, lastPiece: last.span)
  }

  /// A peer and its clock.
  private struct FaultyPeer: ~Copyable {
    var swarm: Swarm
    var now = Instant.zero + .second

    init(_ swarm: consuming Swarm) { self.swarm = swarm }

    /// Hands it a datagram, and gathers what it sends in the next 60 ms: answers only, no retransmissions.
    mutating func exchange(_ datagram: [UInt8]?, from address: Address) throws -> [[UInt8]] {
      if let datagram {
        if Checksum.isValid(datagram.span) {
          swarm.receive(datagram.span, from: address, at: now)
        } else {
          swarm.receiveCorrupt(from: address, at: now)
        }
      }
      var sent: [[UInt8]] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      let end = now + 60 * .millisecond
      while now < end {
        while let event = swarm.nextEvent() {
          if case .wanted(let read, _, _, _) = event { swarm.readEnded(read, isReadable: true, at: now) }
        }
        while let transmit = swarm.nextTransmit(into: &buffer, at: now) {
          let start = Int(transmit.payload.offset)
          let payload = transmit.payload.length > 0 ? content[start..<start + transmit.payload.length] : []
          sent.append(Array(buffer[..<transmit.headerLength]) + payload)
        }
        now = min(max(swarm.deadline, now + .microsecond), end)
        if now < end { swarm.expire(at: now) }
      }
      return sent
    }

    /// What a datagram says; nil if it is not an answer.
    func describe(_ datagram: [UInt8]) throws -> String? {
      let bytes = datagram.span
      let (_, type) = try Header.decode(bytes)
      switch type {
      case .ack, .probe: return nil
      case .close: return "CLOSE \(CloseCode(rawValue: try ClosePacket.decode(bytes).code)?.description ?? "?")"
      case .data:
        var said: [String] = []
        var reader = MessageReader(bytes, from: DataPacket.overhead)
        while let (type, body) = try reader.next() {
          switch type {
          case .refuse:
            let refuse = try Refuse.decode(bytes, body)
            let ranges = refuse.ranges.map { " \($0.offset)+\($0.length)" }.joined()
            said.append("REFUSE \(Refusal(rawValue: refuse.code)?.description ?? "?")\(ranges)")
          case .block:
            let block = try Block.decode(bytes, body)
            said.append("BLOCK \(block.offset)+\(block.content.count)")
          case let type?: said.append(type.name)
          case nil: break
          }
        }
        return said.isEmpty ? nil : said.joined(separator: ", ")
      default: return type.name
      }
    }
  }

  // MARK: A tracker

  private func atTracker(_ fault: Fault) throws -> String {
    var tracker = Registrar(key: .zero, seed: 1)
    let now = Instant.zero + .second
    let manifest = Self.manifest()
    func ask(_ datagram: [UInt8], from address: Address) -> [UInt8]? {
      tracker.receive(datagram.span, from: address, at: now)
      return tracker.nextTransmit(at: now)?.bytes
    }
    func cookie(_ address: Address) throws -> UInt64 {
      let reply = try #require(ask(try ConnectPacket().datagram(connection: 1), from: address))
      return try ConnectedPacket.decode(reply.span).cookie
    }
    let other = Address(ipv4: 0xc633_6408, port: 7401)
    var register = RegisterPacket()
    register.cookie = try cookie(other)
    (register.id, register.cut, register.name) = (manifest.id, manifest.cut, "façade.bin")
    _ = ask(try register.datagram(connection: 2), from: other)
    var datagram = fault.datagram
    replace(0xc00c_1e00_5eed_f00d, try cookie(Self.stranger), at: 16, in: &datagram)
    guard let reply = ask(datagram, from: Self.stranger) else { return "nothing" }
    let type = try Header.decode(reply.span).type
    guard type == .error else { return type.name }
    return "ERROR \(TrackerError(rawValue: try ErrorPacket.decode(reply.span).code).map { "\($0)" } ?? "?")"
  }
}

private let content = (0..<7_181).map { UInt8($0 % 251) }
