import ShoalBase
import ShoalContent
import ShoalWire

/// Replies to datagrams that belong to no connection: nothing is remembered about their senders, and only a few replies
/// wait at a time.
struct StatelessReplies {
  private var waiting: [(to: Address, bytes: [UInt8])] = []
  private var resetCredit = Constants.resetsPerSecond
  private var resetCreditAt = Instant.zero

  mutating func next() -> (to: Address, bytes: [UInt8])? { waiting.popLast() }

  /// Answers a datagram of `received` bytes, unless the answer would not be smaller.
  private mutating func append(_ bytes: [UInt8], to address: Address, for received: Int) {
    guard bytes.count < received, waiting.count < Constants.statelessReplies else { return }
    waiting.append((address, bytes))
  }

  /// Answers an OPEN that arrives when there are as many connections as are accepted.
  mutating func busy(_ id: UInt64, to address: Address) {
    var close = ClosePacket()
    close.code = CloseCode.busy.rawValue
    if let bytes = try? close.encoded(connection: id) { append(bytes, to: address, for: Limits.smallestDatagram) }
  }

  /// Answers an OPEN about which nothing is kept until its sender has shown that it received this token.
  mutating func retry(_ token: UInt64, _ id: UInt64, to address: Address) {
    var retry = RetryPacket()
    retry.token = token
    if let bytes = try? retry.encoded(connection: id) { append(bytes, to: address, for: Limits.smallestDatagram) }
  }

  /// Answers DATA, of `received` bytes, for an id that no connection has. What is too short to be DATA is not answered.
  mutating func reset(_ id: UInt64, to address: Address, for received: Int, at now: Instant) {
    guard received >= DataPacket.overhead else { return }
    let earned = Int((now - resetCreditAt) / (.second / Nanoseconds(Constants.resetsPerSecond)))
    if earned > 0 {
      resetCredit = min(resetCredit + earned, Constants.resetsPerSecond)
      resetCreditAt = now
    }
    guard resetCredit > 0, let bytes = try? ResetPacket().encoded(connection: id) else { return }
    resetCredit -= 1
    append(bytes, to: address, for: received)
  }

  /// Answers an OPEN of a version that we do not speak with those that we do.
  mutating func version(_ bytes: Span<UInt8>, to address: Address) {
    let header = Header.peek(bytes)
    guard bytes.count >= Limits.smallestDatagram, header.packetType == .open else { return }
    if let answer = try? VersionPacket().encoded(connection: header.connection) {
      append(answer, to: address, for: bytes.count)
    }
  }
}
