import ShoalBase
import ShoalWire

/// Spans of the files that are sent, so that each is read once for many datagrams, and for all peers that download it
/// at the same time. Only what was requested is read: a span is as long as what is waiting to be sent from it.
struct SpanCache: ~Copyable {
  /// The most bytes of a span, so that a piece, or a part of one, is read in few calls.
  static let spanSize = 64 << 10
  /// The most spans that are kept: 8 MiB. The least recently used is dropped first.
  static let limit = 128
  /// A datagram at least this long, a large part of a span, is read straight into its place.
  private static let longDatagram = spanSize / 4

  private struct Part {
    var source: UInt32
    var memory: Memory
    var start: Int
    var end: Int
    var usedAt: UInt64
  }
  private var spans: [Part] = []
  /// The span that was used last: most datagrams follow one another in a file.
  private var recent = 0
  private var uses: UInt64 = 0
  /// The bytes read from files so far.
  private(set) var bytesRead = 0

  init() {}

  /// Copies bytes of a file into `buffer`, and continues `checksum` over them; false if they cannot be read, or the
  /// file was changed. The `ahead` bytes that follow them are to be sent next.
  mutating func read(
    _ file: SourceFile, _ source: UInt32, _ offset: UInt64, _ length: Int, ahead: Int,
    into buffer: inout MutableSpan<UInt8>, _ checksum: inout UInt32
  ) -> Bool {
    var position = Int(offset)
    var filled = 0
    while filled < length {
      guard let span = find(source, position) ?? load(file, source, position, length - filled, ahead: ahead) else {
        var rest = buffer._mutatingExtracting(filled..<length)
        return readAlone(file, position, &rest, &checksum)
      }
      let start = position - span.start
      let count = min(length - filled, span.end - position)
      var rest = buffer._mutatingExtracting(filled..<length)
      span.memory.read(start..<start + count) { checksum = CRC32C.copy($0, to: &rest, continuing: checksum) }
      filled += count
      position += count
    }
    return true
  }

  private mutating func find(_ source: UInt32, _ position: Int) -> Part? {
    if recent < spans.count, holds(recent, source, position) { return spans[recent] }
    guard let place = spans.indices.first(where: { holds($0, source, position) }) else { return nil }
    return use(place)
  }

  private func holds(_ place: Int, _ source: UInt32, _ position: Int) -> Bool {
    position >= spans[place].start && position < spans[place].end && spans[place].source == source
  }

  private mutating func use(_ place: Int) -> Part {
    uses += 1
    spans[place].usedAt = uses
    recent = place
    return spans[place]
  }

  /// Reads what is to be sent now and next; nil if the datagram is better read without the cache, or if reading fails.
  private mutating func load(
    _ file: SourceFile, _ source: UInt32, _ position: Int, _ length: Int, ahead: Int
  ) -> Part? {
    guard ahead > 0, length < SpanCache.longDatagram, file.isUnchanged() else { return nil }
    let place = vacate()
    let memory = spans[place].memory
    let wanted = 0..<min(length + ahead, memory.count)
    guard let count = try? file.file.read(into: memory, wanted, at: position), count > 0 else { return nil }
    bytesRead += count
    (spans[place].source, spans[place].start, spans[place].end) = (source, position, position + count)
    return use(place)
  }

  /// Finds or frees a place for a span.
  private mutating func vacate() -> Int {
    guard spans.count >= SpanCache.limit, let oldest = spans.indices.min(by: { spans[$0].usedAt < spans[$1].usedAt })
    else {
      spans.append(Part(source: 0, memory: Memory(SpanCache.spanSize), start: 0, end: 0, usedAt: 0))
      return spans.count - 1
    }
    spans[oldest].end = spans[oldest].start
    return oldest
  }

  private mutating func readAlone(
    _ file: SourceFile, _ position: Int, _ room: inout MutableSpan<UInt8>, _ checksum: inout UInt32
  ) -> Bool {
    guard file.isUnchanged(), let count = try? file.file.read(into: &room, at: position), count == room.count else {
      return false
    }
    bytesRead += count
    checksum = CRC32C.checksum(room.span, continuing: checksum)
    return true
  }

  /// Drops cached bytes that have been written since.
  mutating func invalidate(_ source: UInt32, _ offset: UInt64, _ length: Int) {
    let end = Int(offset) + length
    for place in spans.indices
    where spans[place].source == source && spans[place].start < end && spans[place].end > Int(offset) {
      (spans[place].end, spans[place].usedAt) = (spans[place].start, 0)
    }
  }
}
