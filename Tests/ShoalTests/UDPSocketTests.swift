import Glibc
import Shoal
import ShoalBase
import ShoalWire
import Testing

@Suite struct UDPSocketTests {
  static let loopback4 = Address(ipv4: 0x7f00_0001, port: 0)
  static let loopback6 = Address(high: 0, low: 1, port: 0)
  static let any = Address(high: 0, low: 0, port: 0)

  static func socket(_ address: Address, offload: Bool = true) throws -> UDPSocket {
    var options = UDPSocket.Options()
    options.offload = offload
    return try .bind(to: address, options: options)
  }

  /// What a test sent or received.
  struct Datagram: Equatable {
    var bytes: [UInt8]
    var source: Address
    var destination: Address
  }

  /// Takes everything that waits at `socket`. Loopback delivers before `sendmsg` returns, so nothing is on the way.
  static func drain(_ batch: inout ReceiveBatch, _ socket: UDPSocket, into list: inout [Datagram]) {
    while batch.receive(socket) > 0 {
      while let datagram = batch.next() {
        let bytes = batch.memory.read(datagram.range) { [UInt8]($0) }
        list.append(Datagram(bytes: bytes, source: datagram.source, destination: datagram.destination))
      }
    }
  }

  /// Adds a datagram to `batch`; false when it is full.
  static func tryAppend(_ bytes: [UInt8], to address: Address, _ batch: inout SendBatch) -> Bool {
    // More than is used is reserved, as a caller does that does not know the length beforehand.
    guard let room = batch.reserve(min(bytes.count + 20, SendBatch.datagramLimit)) else { return false }
    batch.memory.write(room) { $0.copy(bytes.span, to: 0) }
    batch.commit(bytes.count, to: address)
    return true
  }

  /// Adds a datagram to `batch`, which has room.
  static func append(_ bytes: [UInt8], to address: Address, _ batch: inout SendBatch) {
    let hadRoom = tryAppend(bytes, to: address, &batch)
    #expect(hadRoom)
  }

  /// Sends all of `batch`.
  static func flush(_ batch: inout SendBatch, _ socket: UDPSocket) {
    let outcome = batch.flush(socket)
    let isDone = outcome == .done && batch.isEmpty && !batch.pending
    #expect(isDone)
  }

  @Test(arguments: [(loopback4, true), (loopback4, false), (loopback6, true), (loopback6, false)])
  func thousandsOfDatagramsArriveIntact(_ address: Shoal.Address, offload: Bool) throws {
    let sender = try Self.socket(address, offload: offload)
    let (first, second) = (try Self.socket(address, offload: offload), try Self.socket(address, offload: offload))
    var batch = SendBatch(for: sender)
    let segments = batch.segments
    #expect(segments == (offload && sender.canSegment))
    var firstInput = ReceiveBatch(for: first)
    var secondInput = ReceiveBatch(for: second, buffers: 2)
    var expected: [[Datagram]] = [[], []]
    var received: [[Datagram]] = [[], []]
    var generator = SeededGenerator(seed: 7)
    var (size, target) = (1_200, 0)
    for index in 0..<6_000 {
      // Runs of one size to one address, with changes of either in between.
      if generator.next() % 16 == 0 { size = Int(generator.next() % 1_472) + 1 }
      if generator.next() % 24 == 0 { target = 1 - target }
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ index) }
      let destination = target == 0 ? first.localAddress : second.localAddress
      Self.append(bytes, to: destination, &batch)
      expected[target].append(Datagram(bytes: bytes, source: sender.localAddress, destination: destination))
      // Few at a time, for receive queues may be as short as 208 KiB.
      if index % 40 == 39 {
        Self.flush(&batch, sender)
        Self.drain(&firstInput, first, into: &received[0])
        Self.drain(&secondInput, second, into: &received[1])
      }
    }
    let counters = batch.counters
    #expect(counters.datagrams == 6_000)
    #expect(counters.refused == 0 && counters.tooLarge == 0)
    if segments { #expect(counters.calls < 400) }
    #expect(received.map(\.count) == expected.map(\.count))
    let isIntact = received == expected
    #expect(isIntact)
  }

  @Test func aRunThatCannotBeCutGoesSingly() throws {
    let sender = try Self.socket(Self.loopback4)
    let receiver = try Self.socket(Self.loopback4)
    // Without a checksum to offload the kernel answers a run with EINVAL.
    #expect(sender.switchOn(SO_NO_CHECK))
    var batch = SendBatch(for: sender)
    var input = ReceiveBatch(for: receiver)
    var received: [Datagram] = []
    let sizes = [900, 900, 900, 30, 500, 500, 1, 1, 1, 1_200]
    for size in sizes {
      Self.append([UInt8](repeating: UInt8(size & 255), count: size), to: receiver.localAddress, &batch)
    }
    Self.flush(&batch, sender)
    Self.drain(&input, receiver, into: &received)
    #expect(received.map(\.bytes.count) == sizes)
    let counters = batch.counters
    #expect(counters.datagrams == 10 && counters.refused == 0)
  }

  @Test func ipv4ArrivesMappedAtADualStackSocket() throws {
    let both = try Self.socket(Self.any)
    let sender = try Self.socket(Self.loopback4)
    let target = Self.loopback4.with(port: both.localAddress.port)
    var batch = SendBatch(for: sender)
    var input = ReceiveBatch(for: both)
    var received: [Datagram] = []
    for size in [700, 700, 700] { Self.append([UInt8](repeating: 1, count: size), to: target, &batch) }
    Self.flush(&batch, sender)
    Self.drain(&input, both, into: &received)
    let expected = Datagram(
      bytes: [UInt8](repeating: 1, count: 700), source: sender.localAddress, destination: target)
    #expect(received == [expected, expected, expected])

    // And back, as a run, from the dual-stack socket.
    var answer = SendBatch(for: both)
    var answered = ReceiveBatch(for: sender)
    var answers: [Datagram] = []
    for size in [300, 300, 20] {
      Self.append([UInt8](repeating: 2, count: size), to: sender.localAddress, &answer)
    }
    Self.flush(&answer, both)
    Self.drain(&answered, sender, into: &answers)
    #expect(answers.map(\.bytes.count) == [300, 300, 20])
    #expect(answers.allSatisfy { $0.source == target && $0.source.isIPv4 })
  }

  @Test func ipv6ArrivesAtADualStackSocket() throws {
    let both = try Self.socket(Self.any)
    guard both.family == AF_INET6 else { return }
    let sender = try Self.socket(Self.loopback6)
    var batch = SendBatch(for: sender)
    var input = ReceiveBatch(for: both)
    var received: [Datagram] = []
    Self.append([1, 2, 3], to: Self.loopback6.with(port: both.localAddress.port), &batch)
    Self.flush(&batch, sender)
    Self.drain(&input, both, into: &received)
    let destination = Self.loopback6.with(port: both.localAddress.port)
    #expect(received == [Datagram(bytes: [1, 2, 3], source: sender.localAddress, destination: destination)])
  }

  /// What a host with several addresses answers leaves from the address that was written to.
  @Test(arguments: [true, false])
  func answersLeaveFromTheAddressThatWasWrittenTo(offload: Bool) throws {
    for bound in [Self.any, Address(ipv4: 0, port: 0)] {
      let host = try Self.socket(bound, offload: offload)
      let peer = try Self.socket(Self.loopback4)
      let second = Address(ipv4: 0x7f00_0002, port: host.localAddress.port)
      var question = SendBatch(for: peer)
      var input = ReceiveBatch(for: host)
      var received: [Datagram] = []
      Self.append([1], to: second, &question)
      Self.flush(&question, peer)
      Self.drain(&input, host, into: &received)
      #expect(received.map(\.destination) == [second])

      var answer = SendBatch(for: host)
      answer.sources.note(second, for: peer.localAddress)
      for size in [300, 300, 20] { Self.append([UInt8](repeating: 2, count: size), to: peer.localAddress, &answer) }
      Self.flush(&answer, host)
      // An address that this host no longer has is not insisted on.
      answer.sources.note(Address(ipv4: 0xc000_0201, port: second.port), for: peer.localAddress)
      for size in [300, 300, 20] { Self.append([UInt8](repeating: 3, count: size), to: peer.localAddress, &answer) }
      Self.flush(&answer, host)
      var output = ReceiveBatch(for: peer)
      var answers: [Datagram] = []
      Self.drain(&output, peer, into: &answers)
      #expect(answers.map(\.bytes.count) == [300, 300, 20, 300, 300, 20])
      #expect(answers.prefix(3).allSatisfy { $0.source == second && $0.bytes[0] == 2 })
      #expect(answers.suffix(3).allSatisfy { $0.source == Self.loopback4.with(port: second.port) && $0.bytes[0] == 3 })
    }
  }

  @Test func whatCannotBeSentIsCountedAndHoldsNothingUp() throws {
    let sender = try Self.socket(Self.loopback4)
    let receiver = try Self.socket(Self.loopback4)
    var batch = SendBatch(for: sender)
    var input = ReceiveBatch(for: receiver)
    var received: [Datagram] = []
    let good = receiver.localAddress
    Self.append([1], to: good, &batch)
    // Larger than an IPv4 datagram can be; an address of the other family, twice as a run; no port.
    Self.append([UInt8](repeating: 0, count: 65_520), to: good, &batch)
    Self.append([2], to: good, &batch)
    Self.append([9], to: Self.loopback6.with(port: 9), &batch)
    Self.append([9], to: Self.loopback6.with(port: 9), &batch)
    Self.append([3], to: good, &batch)
    Self.append([9], to: good.with(port: 0), &batch)
    Self.append([4], to: good, &batch)
    Self.flush(&batch, sender)
    Self.drain(&input, receiver, into: &received)
    #expect(received.map(\.bytes) == [[1], [2], [3], [4]])
    let counters = batch.counters
    #expect(counters.tooLarge == 1)
    #expect(counters.refused == 3)
    #expect(counters.datagrams == 4)
  }

  @Test func aFullBatchSaysSo() throws {
    let sender = try Self.socket(Self.loopback4)
    let receiver = try Self.socket(Self.loopback4)
    var batch = SendBatch(for: sender)
    var input = ReceiveBatch(for: receiver)
    var received: [Datagram] = []
    var count = 0
    while batch.reserve(1_000) != nil {
      batch.commit(1_000, to: receiver.localAddress)
      count += 1
    }
    #expect(count == (256 << 10) / 1_000)
    // Nothing was committed of this, so it is never sent.
    _ = batch.reserve(10)
    Self.flush(&batch, sender)
    Self.drain(&input, receiver, into: &received)
    let sent = batch.counters.datagrams
    #expect(sent == UInt64(count))
    #expect(received.allSatisfy { $0.bytes.count == 1_000 })
    // Every change of address begins a message, and there are only so many.
    var messages = 0
    while Self.tryAppend([5], to: receiver.localAddress.with(port: UInt16(9 + messages % 2)), &batch) { messages += 1 }
    #expect(messages == 64)
  }

  @Test func emptyDatagramsAreDropped() throws {
    let sender = try Self.socket(Self.loopback4)
    let receiver = try Self.socket(Self.loopback4)
    var batch = SendBatch(for: sender)
    var input = ReceiveBatch(for: receiver)
    var received: [Datagram] = []
    for bytes: [UInt8] in [[], [], [1], []] { Self.append(bytes, to: receiver.localAddress, &batch) }
    Self.flush(&batch, sender)
    Self.drain(&input, receiver, into: &received)
    #expect(received.map(\.bytes) == [[1]])
    let dropped = input.counters.dropped
    #expect(dropped == 3)
  }

  @Test func receivedBytesCanBeChanged() throws {
    let sender = try Self.socket(Self.loopback4)
    let receiver = try Self.socket(Self.loopback4)
    var batch = SendBatch(for: sender)
    var input = ReceiveBatch(for: receiver)
    Self.append([0x0f], to: receiver.localAddress, &batch)
    Self.flush(&batch, sender)
    let messages = input.receive(receiver)
    #expect(messages == 1)
    let next = input.next()
    let datagram = try #require(next)
    input.memory.write(datagram.range) { $0[0] ^= 0xff }
    let changed = input.memory.read(datagram.range) { $0[0] }
    #expect(changed == 0xf0)
    let isLast = input.next() == nil
    #expect(isLast)
  }

  @Test func aPortInUseIsNamed() throws {
    let socket = try Self.socket(Self.loopback4)
    let error = #expect(throws: SystemError.self) { try Self.socket(socket.localAddress) }
    #expect(error?.code == EADDRINUSE)
    #expect(error?.description == "UDP port \(socket.localAddress.port) is in use")
    // The dual-stack socket wants the same port of IPv4.
    #expect(throws: SystemError.self) { try Self.socket(Self.any.with(port: socket.localAddress.port)) }
  }

  @Test func bufferSizesAreReadBack() throws {
    var options = UDPSocket.Options()
    options.receiveBuffer = 100_000
    let socket = try UDPSocket.bind(to: Self.loopback4, options: options)
    #expect(socket.grantedReceiveBuffer == 100_000)
    #expect(socket.localAddress.port != 0 && socket.localAddress.isLoopback)
  }

  @Test func localAddressesAreReachable() {
    let addresses = LocalAddresses.reachable(Address(high: 0, low: 0, port: 7_401))
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.isUsable && $0.port == 7_401 && $0.scope == 0 })
    #expect(Set(addresses).count == addresses.count)
    #expect(addresses == [Self.loopback4.with(port: 7_401)] || addresses.allSatisfy { !$0.isLoopback })
    #expect(LocalAddresses.source(towards: Self.loopback4.with(port: 9))?.isLoopback == true)
    #expect(LocalAddresses.mtu(towards: Self.loopback4.with(port: 9)) ?? 0 >= 1_280)
  }
}
