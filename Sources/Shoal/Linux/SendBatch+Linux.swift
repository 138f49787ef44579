import Glibc
import ShoalBase
import ShoalWire

// Safety: `messages`, `singles` and `memory` live as long as the batch, and each vector lies within the bytes of
// `memory` that were written.

/// Datagrams of one flush, written side by side into one buffer.
///
/// A run of equal datagrams to one address (the last may be shorter) is one message that the kernel cuts
/// (`UDP_SEGMENT`); where it cannot, the same bytes go out as one datagram each. One thread owns a batch.
package struct SendBatch: ~Copyable, @unchecked Sendable {
  /// How a flush ended.
  package enum Outcome: Sendable {
    /// Everything is handed over; the batch is empty.
    case done
    /// The socket's queue is full: flush again when it is writable.
    case blocked
    /// The kernel is short of memory, and no event will say when that is over: flush again in a millisecond or so.
    case exhausted
  }

  /// Counts what was sent and what was not, since the beginning.
  package struct Counters: Sendable {
    /// Datagrams and bytes of UDP payload that the kernel took.
    package var datagrams: UInt64 = 0, bytes: UInt64 = 0
    /// System calls that sent them.
    package var calls: UInt64 = 0
    /// Datagrams dropped because they are larger than the interface takes.
    package var tooLarge: UInt64 = 0
    /// Datagrams dropped for another reason: no route, an ICMP error, a firewall.
    package var refused: UInt64 = 0
    /// The `errno` of the last refusal, and to whom it would have gone.
    package var lastRefusal: (code: Int32, address: Address)?
  }

  /// Datagrams that the kernel takes in one message (`UDP_MAX_SEGMENTS` up to Linux 6.8).
  package static let segmentLimit = 64
  /// The most bytes of a message that is cut; with headers of any kind it stays below 65,535.
  package static let runLimit = 65_000
  /// The largest UDP payload of all.
  package static let datagramLimit = 65_527
  private static let messageLimit = 64

  /// A message: where its bytes are, and the size of all datagrams in it but the last.
  private struct Run {
    var start = 0, length = 0, size = 0, datagrams = 0
    /// Whether a shorter datagram has ended it.
    var isClosed = false
    /// Whether its message says which of our addresses it leaves from.
    var hasSource = false
    var address = Address(ipv4: 0, port: 0)
  }

  package private(set) var counters = Counters()
  /// Which of our addresses the datagrams to each peer leave from.
  package var sources = OwnAddresses()
  /// The datagrams that the system refused to send lately.
  package private(set) var refusals = Refusals()
  /// Whether runs are still handed to the kernel whole.
  package private(set) var segments: Bool

  private let family: Int32
  /// Where the datagrams are.
  package let memory: Memory
  private var capacity: Int { memory.count }
  private var runs = [Run](repeating: Run(), count: messageLimit)
  private let messages: MessageArray
  private let singles: MessageArray
  private var used = 0
  private var reserved = 0
  private var count = 0
  /// The run to send next, how much of it is sent, and whether it must go out as single datagrams.
  private var first = 0, offset = 0, firstIsSingle = false
  private var lacksSendmmsg = false

  /// A batch for `socket`, of up to `capacity` bytes; more than a core's L2 cache holds is slower, not faster.
  package init(for socket: UDPSocket, capacity: Int = 256 << 10, segments: Bool = true) {
    self.segments = segments && socket.canSegment
    family = socket.family
    memory = Memory(max(capacity, Self.datagramLimit))
    messages = MessageArray(count: Self.messageLimit)
    singles = MessageArray(count: Self.messageLimit)
  }

  /// Whether nothing waits to be sent.
  package var isEmpty: Bool { count == 0 }
  /// Whether a flush left something unsent.
  package private(set) var pending = false

  /// Where in `memory` a datagram of up to `length` bytes is to be written and then committed (or not: then it never
  /// was). Nil when the batch is full: flush.
  package mutating func reserve(_ length: Int) -> Range<Int>? {
    precondition(length <= Self.datagramLimit)
    guard used + length <= capacity, count < Self.messageLimit else { return nil }
    reserved = length
    return used..<used + length
  }

  /// Takes the first `length` bytes of what was reserved as a datagram to `address`.
  package mutating func commit(_ length: Int, to address: Address) {
    precondition(length <= reserved)
    reserved = 0
    if count == 0 || !extendLast(by: length, to: address) { startRun(of: length, to: address) }
    used += length
  }

  private mutating func extendLast(by length: Int, to address: Address) -> Bool {
    let last = count - 1
    let run = runs[last]
    guard !run.isClosed, length <= run.size, length > 0, run.datagrams < Self.segmentLimit,
      run.length + length <= Self.runLimit, run.address == address
    else { return false }
    runs[last].length += length
    runs[last].datagrams += 1
    runs[last].isClosed = length < run.size
    unsafe messages.vector(last).pointee.iov_len = runs[last].length
    if runs[last].datagrams == 2 { messages.setSegmentSize(run.size, of: last) }
    return true
  }

  private mutating func startRun(of length: Int, to address: Address) {
    let source = sources.towards(address)
    runs[count] = Run(
      start: used, length: length, size: length, datagrams: 1, hasSource: source != nil, address: address)
    let header = unsafe messages[count]
    unsafe header.pointee.msg_hdr.msg_namelen = unsafe address.store(into: messages.name(count), family: family)
    messages.clearControl(of: count)
    if let source { messages.setSource(source, family: family, of: count) }
    unsafe messages.vector(count).pointee = unsafe iovec(iov_base: memory.start + used, iov_len: length)
    count += 1
  }

  /// Sends what was committed. Unless the outcome is `.done`, the rest stays, and more may be committed behind it.
  package mutating func flush(_ socket: UDPSocket) -> Outcome {
    while first < count {
      let whole = segments && offset == 0 && !firstIsSingle
      let result = whole ? sendRuns(socket.descriptor) : sendSingles(socket.descriptor)
      if result > 0 { continue }
      switch Int32(-result) {
      case EINTR: continue
      case EAGAIN:
        pending = true
        return .blocked
      case ENOBUFS, ENOMEM:
        pending = true
        return .exhausted
      // A sandbox may forbid it; a firewall's refusal looks the same, but not from the start.
      case ENOSYS where !lacksSendmmsg, EPERM where !lacksSendmmsg && counters.calls == 0: lacksSendmmsg = true
      case let error: recover(from: error, whole: whole)
      }
    }
    (used, count, first, offset, firstIsSingle, pending) = (0, 0, 0, 0, false, false)
    return .done
  }

  private mutating func sendRuns(_ socket: Int32) -> Int {
    let sent = messages.send(first, count - first, to: socket, singly: lacksSendmmsg)
    guard sent > 0 else { return sent }
    counters.calls += 1
    for _ in 0..<sent {
      refusals.clear(runs[first].address)
      counters.datagrams += UInt64(runs[first].datagrams)
      counters.bytes += UInt64(runs[first].length)
      nextRun()
    }
    return sent
  }

  private mutating func sendSingles(_ socket: Int32) -> Int {
    let end = segments ? first + 1 : count
    var index = first
    var position = offset
    var filled = 0
    while index < end && filled < singles.count {
      let run = runs[index]
      let length = min(run.size, run.length - position)
      unsafe singles.vector(filled).pointee = unsafe iovec(
        iov_base: memory.start + run.start + position, iov_len: length)
      unsafe singles[filled].pointee.msg_hdr.msg_name = unsafe messages.name(index)
      unsafe singles[filled].pointee.msg_hdr.msg_namelen = unsafe messages[index].pointee.msg_hdr.msg_namelen
      singles.clearControl(of: filled)
      if run.hasSource, let source = sources.towards(run.address) {
        singles.setSource(source, family: family, of: filled)
      }
      filled += 1
      position += length
      if position == run.length { (index, position) = (index + 1, 0) }
    }
    let sent = singles.send(0, filled, to: socket, singly: lacksSendmmsg)
    guard sent > 0 else { return sent }
    counters.calls += 1
    for _ in 0..<sent {
      refusals.clear(runs[first].address)
      counters.datagrams += 1
      counters.bytes += UInt64(skipDatagram())
    }
    return sent
  }

  /// Deals with an error that waiting does not cure: what cannot go as a run goes singly; what cannot go at all is
  /// dropped.
  private mutating func recover(from error: Int32, whole: Bool) {
    if runs[first].hasSource, [EINVAL, EADDRNOTAVAIL, ENETUNREACH, EHOSTUNREACH].contains(error) {
      // The address may no longer be ours.
      return dropSource()
    }
    if whole && runs[first].datagrams > 1 {
      switch error {
      case EIO, EOPNOTSUPP, ENOPROTOOPT:
        // The device cannot do it, nor will it be able to next time.
        segments = false
        return
      case EINVAL, EMSGSIZE:
        firstIsSingle = true
        return
      default:
        note(error, datagrams: runs[first].datagrams)
        nextRun()
        return
      }
    }
    note(error, datagrams: 1)
    _ = skipDatagram()
  }

  private mutating func note(_ error: Int32, datagrams: Int) {
    let address = runs[first].address
    refusals.note(error, towards: address)
    // Probes of a path's size are expected to be too large at times.
    guard error != EMSGSIZE else { return counters.tooLarge += UInt64(datagrams) }
    counters.refused += UInt64(datagrams)
    counters.lastRefusal = (error, address)
  }

  /// Leaves it to the route which address the datagrams to this peer leave from.
  private mutating func dropSource() {
    let address = runs[first].address
    sources.forget(address)
    for index in first..<count where runs[index].address == address {
      runs[index].hasSource = false
      messages.clearControl(of: index)
      if runs[index].datagrams > 1 { messages.setSegmentSize(runs[index].size, of: index) }
    }
  }

  private mutating func skipDatagram() -> Int {
    let run = runs[first]
    let length = min(run.size, run.length - offset)
    offset += length
    if offset == run.length { nextRun() }
    return length
  }

  private mutating func nextRun() {
    first += 1
    offset = 0
    firstIsSingle = false
  }
}
