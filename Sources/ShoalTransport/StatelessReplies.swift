import ShoalWire

/// Replies to datagrams that belong to no connection: nothing is kept of who sent them, and few wait at a time.
struct StatelessReplies {
  private var waiting: [(to: Address, bytes: [UInt8])] = []
  private var resetCredit = Constants.resetsPerSecond
  private var resetCreditAt = Instant.zero

  mutating func next() -> (to: Address, bytes: [UInt8])? { waiting.popLast() }

  private mutating func append(_ bytes: [UInt8], to address: Address) {
    guard waiting.count < Constants.statelessReplies else { return }
    waiting.append((address, bytes))
  }

  /// An OPEN comes when there are as many connections as we take.
  mutating func busy(_ id: UInt64, to address: Address) throws(WireError) {
    var close = ClosePacket()
    close.code = CloseCode.busy.rawValue
    append(try close.datagram(connection: id), to: address)
  }

  /// DATA comes for an id that no connection has.
  mutating func reset(_ id: UInt64, to address: Address, at now: Instant) {
    let earned = Int((now - resetCreditAt) / (.second / Nanoseconds(Constants.resetsPerSecond)))
    if earned > 0 {
      resetCredit = min(resetCredit + earned, Constants.resetsPerSecond)
      resetCreditAt = now
    }
    guard resetCredit > 0, let bytes = try? ResetPacket().datagram(connection: id) else { return }
    resetCredit -= 1
    append(bytes, to: address)
  }

  /// An OPEN of a version that we do not speak is told which we do.
  mutating func version(_ bytes: RawSpan, to address: Address) {
    guard bytes.byteCount >= Limits.smallestDatagram,
      bytes.unsafeLoad(fromByteOffset: 3, as: UInt8.self) == PacketType.open.rawValue
    else { return }
    let id = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian
    if let answer = try? VersionPacket().datagram(connection: id) { append(answer, to: address) }
  }
}
