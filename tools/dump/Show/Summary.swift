import ShoalTerminal
import ShoalWire

/// The fields of a packet, other than DATA and ACK, that tell a reader what happened.
struct Summary {
  private(set) var words: [String] = []
  /// Why the rest of the fields is missing.
  private(set) var error: WireError?

  init(_ datagram: Datagram) {
    do throws(WireError) {
      let (header, type) = try Header.decode(datagram.bytes.span)
      let id = short(header.connection)
      if type.isTracker {
        words = ["tx=\(id)"]
        try readTracker(type, datagram.bytes.span)
      } else {
        try readPeer(type, id, datagram)
      }
    } catch { self.error = error }
  }

  private mutating func readPeer(_ type: PacketType, _ id: String, _ datagram: Datagram) throws(WireError) {
    let bytes = datagram.bytes.span
    switch type {
    case .version:
      let packet = try VersionPacket.decode(bytes)
      words = ["conn=\(id)", "lowest=\(packet.lowest)", "highest=\(packet.highest)"]
    case .open:
      let packet = try OpenPacket.decode(bytes)
      words = ["conn=\(id)", "arq=\(CodeNames.arq.text(packet.arq))", "window=\(packet.window)"]
      words.append("initial_seq=\(packet.initialSequence)")
      if packet.token != 0 { words.append("token=\(short(packet.token))") }
    case .accept:
      let packet = try AcceptPacket.decode(bytes)
      words = ["conn=\(id)", "arq=\(CodeNames.arq.text(packet.arq))", "window=\(packet.window)"]
      words += ["initial_seq=\(packet.initialSequence)", "responder=\(short(packet.responder))"]
    case .probe: words = ["size=\(try ProbePacket.decode(bytes).size)"]
    case .probed: words = ["size=\(try ProbedPacket.decode(bytes).size)"]
    case .challenge: words = ["token=\(short(try ChallengePacket.decode(bytes).token))"]
    case .response: words = ["token=\(short(try ResponsePacket.decode(bytes).token))"]
    case .close:
      let packet = try ClosePacket.decode(bytes)
      words = ["code=\(CodeNames.closeCode.text(packet.code))", "reason=\(quoted(packet.reason, asciiOnly: true))"]
    case .reset: words = ["conn=\(id)"]
    case .retry: words = ["conn=\(id)", "token=\(short(try RetryPacket.decode(bytes).token))"]
    default: break
    }
  }

  private mutating func readTracker(_ type: PacketType, _ bytes: Span<UInt8>) throws(WireError) {
    switch type {
    case .connect: _ = try ConnectPacket.decode(bytes)
    case .connected:
      let packet = try ConnectedPacket.decode(bytes)
      words += ["cookie=\(short(packet.cookie))", "observed=\(packet.observed)"]
    case .register:
      let packet = try RegisterPacket.decode(bytes)
      words += ["id=\(packet.id.short)", "name=\(quoted(packet.name, asciiOnly: true))"]
      words.append("have=\(RunText(packet.have).total)/\(packet.cut.chunks)")
      words += asked(packet.query)
    case .registered:
      let packet = try RegisteredPacket.decode(bytes)
      words += ["have=\(packet.have)", "interval=\(packet.interval)"]
      words += told(packet.nearby)
    case .update:
      let packet = try UpdatePacket.decode(bytes)
      words += ["id=\(packet.id.short)", "gained=\(RunText(packet.gained).brief)"]
      words += asked(packet.query)
    case .updated:
      let packet = try UpdatedPacket.decode(bytes)
      words.append("have=\(packet.have)")
      words += told(packet.nearby)
    case .find: words.append("name=\(quoted(try FindPacket.decode(bytes).name, asciiOnly: true))")
    case .found:
      let packet = try FoundPacket.decode(bytes)
      let files = packet.files.map { "\($0.id.short) size=\($0.cut.size) peers=\($0.peers) claimant=\($0.claimant)" }
      words.append(list(files, of: UInt32(packet.total)))
    case .lookup:
      let packet = try LookupPacket.decode(bytes)
      let chunk = packet.chunk == LookupPacket.anyChunk ? "any" : "\(packet.chunk)"
      words += ["id=\(packet.id.short)", "chunk=\(chunk)", "most=\(packet.most)"]
    case .peers:
      let packet = try PeersPacket.decode(bytes)
      words += ["id=\(packet.id.short)", "name=\(quoted(packet.name, asciiOnly: true))"]
      words.append(list(packet.peers.map { "\($0.address) \($0.have)/\($0.cut.chunks)" }, of: packet.total))
    case .list: words.append("after=\(try ListPacket.decode(bytes).after)")
    case .listed:
      let packet = try ListedPacket.decode(bytes)
      let files = packet.files.map { "\($0.id.short) \(quoted($0.name, asciiOnly: true)) peers=\($0.peers)" }
      words += ["after=\(packet.after)", "next=\(packet.next)", list(files, of: packet.total)]
    case .map:
      let packet = try MapPacket.decode(bytes)
      words += ["id=\(packet.id.short)", "address=\(packet.address)", "first=\(packet.first)"]
    case .mapped:
      let packet = try MappedPacket.decode(bytes)
      words += ["first=\(packet.first)", "end=\(packet.end)", "have=\(RunText(packet.have).brief)"]
    case .deregister: words.append("id=\(try DeregisterPacket.decode(bytes).id.short)")
    case .error:
      let packet = try ErrorPacket.decode(bytes)
      words += ["code=\(CodeNames.trackerError.text(packet.code))", quoted(packet.message, asciiOnly: true)]
    default: break
    }
  }

  private func asked(_ query: PeerQuery?) -> [String] {
    guard let query, query.want > 0 else { return [] }
    return ["want=\(query.want)"] + (query.cursor > 0 ? ["cursor=\(query.cursor)"] : [])
  }

  private func told(_ nearby: Nearby?) -> [String] {
    guard let nearby, nearby.total > 0 else { return [] }
    let peers = nearby.peers.map { "\($0.address) \(Int($0.share) * 100 / 255)%" }
    return ["peers " + list(peers, of: nearby.total)] + (nearby.next > 0 ? ["next=\(nearby.next)"] : [])
  }

  private func list(_ entries: [String], of total: UInt32) -> String {
    "\(entries.count) of \(total)" + (entries.isEmpty ? "" : ": " + entries.joined(separator: ", "))
  }
}
