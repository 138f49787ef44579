import Glibc
import ShoalTerminal

/// Reads the events of a peer's qlog (JSON text sequences, RFC 7464), a block at a time.
final class PeerLog {
  private static let block = 1 << 18
  /// The longest record that can be one of ours.
  private static let longest = 1 << 20
  private static let start: UInt8 = 0x1e

  /// The name, harmless to a terminal.
  let name: String
  private let descriptor: Int32
  private var bytes: [UInt8] = []
  private var place = 0
  private var isAtEnd = false
  private var records = 0
  /// The number of the first record that could not be read.
  private(set) var broken: Int?
  /// The event that comes next; nil at the end.
  private(set) var next: PeerEvent?

  /// Opens a file that has at least one event.
  init(_ path: String) throws(InputFailure) {
    name = escaped(path, asciiOnly: true)
    descriptor = SystemCall.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw InputFailure(reason: "\(name): \(systemError())") }
    try advance()
    guard next != nil else {
      throw InputFailure(reason: "\(name): no event in it; is it a qlog in JSON text sequences?", code: "format")
    }
  }

  deinit { close(descriptor) }

  /// Advances to the event after `next`.
  func advance() throws(InputFailure) {
    next = nil
    while next == nil, let record = try record() {
      records += 1
      guard let value = JSONReader.read(record) else {
        // The last record may be cut short: the peer may have died while writing.
        broken = broken ?? records
        continue
      }
      next = PeerEvent(value)
    }
  }

  /// The bytes of the next record, which ends where another one begins.
  private func record() throws(InputFailure) -> ArraySlice<UInt8>? {
    while true {
      if let start = bytes[place...].firstIndex(of: Self.start) {
        place = start
        let end = bytes[(start + 1)...].firstIndex(of: Self.start)
        if end != nil || isAtEnd || bytes.count - start > Self.longest {
          place = end ?? bytes.count
          return bytes[start + 1..<place]
        }
      } else {
        place = bytes.count
      }
      if isAtEnd { return nil }
      try fill()
    }
  }

  private func fill() throws(InputFailure) {
    bytes.removeFirst(place)
    place = 0
    let old = bytes.count
    bytes += [UInt8](repeating: 0, count: Self.block)
    var count = -1
    repeat {
      var span = bytes.mutableSpan
      var room = span._mutatingExtracting(old...)
      count = Descriptor.read(from: descriptor, into: &room)
    } while count < 0 && errno == EINTR
    guard count >= 0 else { throw InputFailure(reason: "\(name): \(systemError())") }
    bytes.removeLast(Self.block - count)
    isAtEnd = count == 0
  }
}

/// The events of several peers' qlogs, in the order of time.
struct PeerLogs {
  /// The most connections that are remembered.
  private static let most = 1 << 12
  private let logs: [PeerLog]
  /// The connections of the events so far.
  private(set) var connections: Set<UInt64> = []

  init(_ paths: [String]) throws(InputFailure) {
    var logs: [PeerLog] = []
    for path in paths { logs.append(try PeerLog(path)) }
    self.logs = logs
  }

  var isEmpty: Bool { logs.isEmpty }
  /// The qlogs with a record that could not be read.
  var damaged: [PeerLog] { logs.filter { $0.broken != nil } }

  /// The earliest remaining event, if it is not later than `time`.
  mutating func next(upTo time: UInt64 = .max) throws(InputFailure) -> PeerEvent? {
    guard let log = logs.filter({ $0.next != nil }).min(by: { $0.next!.time < $1.next!.time }), let event = log.next,
      event.time <= time
    else { return nil }
    try log.advance()
    if connections.count < Self.most { connections.insert(event.connection) }
    return event
  }
}
