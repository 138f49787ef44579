import ShoalContent
import ShoalWire
import Testing

@testable import shoal_dump

@Suite struct PeerLineTests {
  @Test func handshake() throws {
    let capture = TestCapture()
    var open = OpenPacket()
    (open.window, open.initialSequence) = (4_096, 1_000)
    try capture.add(open)
    var accept = AcceptPacket()
    (accept.window, accept.arq, accept.responder) = (1_024, 1, 0x0102_0304_0000_0000)
    try capture.add(accept, from: bob, to: alice, after: 20_189)
    try capture.add(VersionPacket(), from: bob, to: alice)
    accept.window = 4_096
    try capture.add(accept, connection: 1, from: bob, to: alice)
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "OPEN conn=a31f09bc arq=sr window=4096 initial_seq=1000 len=1200",
        "ACCEPT conn=a31f09bc arq=gbn window=1024 initial_seq=0 responder=01020304 len=37 "
          + "[reply to 1, 20.189 ms; window lowered]",
        "VERSION conn=a31f09bc lowest=1 highest=1 len=18 [reply to 1, 21.189 ms]",
        "ACCEPT conn=00000000 arq=gbn window=4096 initial_seq=0 responder=01020304 len=37",
      ])
  }

  @Test func retry() throws {
    let capture = TestCapture()
    var open = OpenPacket()
    try capture.add(open)
    var retry = RetryPacket()
    retry.token = 0x89ab_cdef_0123_4567
    try capture.add(retry, from: bob, to: alice, after: 10_000)
    open.token = retry.token
    try capture.add(open, after: 100)
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "OPEN conn=a31f09bc arq=sr window=1 initial_seq=0 len=1200",
        "RETRY conn=a31f09bc token=89abcdef len=24 [reply to 1, 10.000 ms]",
        "OPEN conn=a31f09bc arq=sr window=1 initial_seq=0 token=89abcdef len=1200 [try 2, after 1, 10.100 ms]",
      ])
  }

  @Test func pathsAndEnds() throws {
    let capture = TestCapture()
    var probe = ProbePacket()
    probe.size = 1_100
    try capture.add(probe)
    var probed = ProbedPacket()
    probed.size = 1_100
    try capture.add(probed)
    var challenge = ChallengePacket()
    challenge.token = 0x89ab_cdef_0123_4567
    try capture.add(challenge)
    var response = ResponsePacket()
    response.token = challenge.token
    try capture.add(response)
    var close = ClosePacket()
    try capture.add(close)
    (close.code, close.reason) = (700, "so long")
    try capture.add(close)
    try capture.add(ResetPacket())
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "PROBE size=1100 len=1100", "PROBED size=1100 len=18", "CHALLENGE token=89abcdef len=24",
        "RESPONSE token=89abcdef len=24", "CLOSE code=done reason=\"\" len=19",
        "CLOSE code=700 reason=\"so long\" len=26", "RESET conn=a31f09bc len=16",
      ])
  }

  @Test func dataAndItsRepeats() throws {
    let capture = TestCapture()
    capture.add(try data(1_042, block(offset: 65_536, count: 100)))
    capture.add(try data(1_042, attempt: 2, block(offset: 65_536, count: 100)), after: 48_200)
    capture.add(try data(1_043, attempt: 1))
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "DATA seq=1042 BLOCK file=0 offset=65536 content=100 len=142",
        "DATA seq=1042 attempt=2 BLOCK file=0 offset=65536 content=100 len=142 [resent, attempt 2, 48.200 ms]",
        "DATA seq=1043 attempt=1 len=28 [resent, attempt 1]",
      ])
  }

  @Test func messages() throws {
    var want = Want()
    (want.file, want.id) = (1, film)
    var offer = Offer()
    (offer.size, offer.chunks, offer.name, offer.have) = (700, 7, "a\u{202E}b", [ChunkRun(first: 2, count: 3)])
    var have = Have()
    have.chunks = [ChunkRun(first: 12, count: 3), ChunkRun(first: 20, count: 1)]
    var request = Request()
    request.ranges = [RangeField(offset: 0, length: 65_536), RangeField(offset: 131_072, length: 7)]
    var cancel = Cancel()
    (cancel.space, cancel.ranges) = (1, [RangeField(offset: 5, length: 6)])
    var refuse = Refuse()
    (refuse.code, refuse.ranges) = (Refusal.notHere.rawValue, [RangeField(offset: 8, length: 9)])
    var refused = Refuse()
    refused.code = 77
    let capture = TestCapture()
    capture.add(try data(1, want.encoded(), offer.encoded(), have.encoded()))
    capture.add(try data(2, request.encoded(), cancel.encoded(), [99, 0, 1, 5]))
    capture.add(try data(3, refuse.encoded(), refused.encoded(), block(file: 2, offset: 9, count: 0, space: .manifest)))
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "DATA seq=1 WANT file=1 id=6b0c12d4 serves=0; OFFER file=0 name=\"a\\u{202E}b\" size=700 have=3/7; "
          + "HAVE file=0 12-14,20 len=105",
        "DATA seq=2 REQUEST file=0 content 0+65536,131072+7; CANCEL file=0 manifest 5+6; message 99 (1 bytes) len=82",
        "DATA seq=3 REFUSE file=0 not_here content 8+9; REFUSE file=0 77; BLOCK file=2 manifest offset=9 content=0 "
          + "len=72",
      ])
  }

  @Test func acknowledgements() throws {
    var ack = AckPacket()
    (ack.next, ack.top, ack.first, ack.count) = (1_042, 1_061, 1_042, 19)
    let capture = TestCapture()
    // One missing, four here, three missing, the rest here.
    capture.add(sealed(try ack.datagram(connection: 1) + [1, 4, 3, 11]))
    (ack.encoding, ack.corrupt) = (1, 3)
    capture.add(sealed(try ack.datagram(connection: 1) + [0b0001_1110, 0xff, 0xff]))
    (ack.encoding, ack.count) = (7, 0)
    capture.add(try ack.datagram(connection: 1))
    ack.encoding = 0
    capture.add(try ack.datagram(connection: 1))
    let lines = try inspect(capture.bytes).packets
    #expect(
      lines == [
        "ACK next=1042 missing=1042,1047-1049 (4) top=1061 len=47",
        "ACK next=1042 missing=1042,1047-1049 (4) top=1061 corrupt=3 len=46",
        "ACK next=1042 encoding=7 top=1061 corrupt=3 len=43", "ACK next=1042 top=1061 corrupt=3 len=43",
      ])
  }
}
