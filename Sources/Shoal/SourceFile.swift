import ShoalWire

/// A file from which content is sent: spans of it are kept, so that a span is read once for many datagrams and for
/// all who download it at the same time.
final class SourceFile: Sendable {
  let file: File
  private let expected: FileStatus
  private let checksForChange: Bool

  /// `checksForChange`: the file is somebody else's, and may be changed while it is served.
  init(_ file: File, checksForChange: Bool) throws(SystemError) {
    self.file = file
    self.checksForChange = checksForChange
    expected = try file.status()
  }

  /// Whether the file is as it was when it was hashed.
  func isUnchanged() -> Bool {
    guard checksForChange else { return true }
    guard let status = try? file.status() else { return false }
    return status.size == expected.size && status.modified == expected.modified
  }

  /// Why what is at an offset cannot be sent.
  func fault(at offset: UInt64) -> ShoalError {
    do throws(SystemError) {
      let buffer = PieceBuffer(1)
      _ = try file.read(into: buffer.bytes, at: Int(offset))
      let remedy = checksForChange ? "since it was hashed; share it again" : "by another program; fetch it again"
      return ShoalError(.changed, "\(file.path) was changed \(remedy)")
    } catch { return ShoalError(error) }
  }
}

/// Spans of the files that are sent, the least recently used given up first.
struct SpanCache: ~Copyable {
  /// The bytes of a span: large enough for few reads, small enough not to read much in vain.
  static let spanSize = 256 << 10
  /// The spans that are kept: 8 MiB.
  private static let limit = 32

  private struct Key: Hashable {
    var source: UInt32
    var span: Int
  }
  private struct Span {
    var bytes: UnsafeMutableRawBufferPointer
    var count: Int
    var usedAt: UInt64
  }
  private var spans: [Key: Span] = [:]
  /// The one that was used last: most datagrams follow each other.
  private var recent: (key: Key, span: Span)?
  private var uses: UInt64 = 0

  init() {}

  deinit { for span in spans.values { span.bytes.deallocate() } }

  /// Copies bytes of a file into `buffer`, and continues `checksum` over them; false if they cannot be read, or the
  /// file was changed.
  mutating func read(
    _ file: SourceFile, _ source: UInt32, _ offset: UInt64, _ length: Int, into buffer: UnsafeMutableRawBufferPointer,
    _ checksum: inout UInt32
  ) -> Bool {
    var position = Int(offset)
    var filled = 0
    while filled < length {
      let index = position / SpanCache.spanSize
      let key = Key(source: source, span: index)
      guard let span = find(key) ?? (isReadThrough(key, position) ? load(key, file) : nil) else {
        return readAlone(file, position, UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<length]), &checksum)
      }
      let start = position - index * SpanCache.spanSize
      let count = min(length - filled, span.count - start)
      guard count > 0 else { return false }
      let part = UnsafeRawBufferPointer(rebasing: span.bytes[start..<start + count])
      checksum = CRC32C.copy(part, to: buffer.baseAddress! + filled, continuing: checksum)
      filled += count
      position += count
    }
    return true
  }

  private mutating func find(_ key: Key) -> Span? {
    if let recent, recent.key == key { return recent.span }
    guard let index = spans.index(forKey: key) else { return nil }
    uses += 1
    spans.values[index].usedAt = uses
    recent = (key, spans.values[index])
    return spans.values[index]
  }

  /// Whether it is likely that the whole span will be sent: a repeat from long ago is not worth reading it.
  private func isReadThrough(_ key: Key, _ position: Int) -> Bool {
    position % SpanCache.spanSize == 0 || spans[Key(source: key.source, span: key.span - 1)] != nil
  }

  private func readAlone(
    _ file: SourceFile, _ position: Int, _ room: UnsafeMutableRawBufferPointer, _ checksum: inout UInt32
  ) -> Bool {
    guard file.isUnchanged(), let count = try? file.file.read(into: room, at: position), count == room.count else {
      return false
    }
    checksum = CRC32C.checksum(UnsafeRawBufferPointer(room), continuing: checksum)
    return true
  }

  private mutating func load(_ key: Key, _ file: SourceFile) -> Span? {
    guard file.isUnchanged() else { return nil }
    var bytes: UnsafeMutableRawBufferPointer
    if spans.count >= SpanCache.limit, let oldest = spans.min(by: { $0.value.usedAt < $1.value.usedAt }) {
      spans[oldest.key] = nil
      recent = nil
      bytes = oldest.value.bytes
    } else {
      bytes = .allocate(byteCount: SpanCache.spanSize, alignment: 64)
    }
    guard let count = try? file.file.read(into: bytes, at: key.span * SpanCache.spanSize) else {
      bytes.deallocate()
      return nil
    }
    uses += 1
    let span = Span(bytes: bytes, count: count, usedAt: uses)
    spans[key] = span
    recent = (key, span)
    return span
  }

  /// Forgets what was read of bytes that have since been written.
  mutating func invalidate(_ source: UInt32, _ offset: UInt64, _ length: Int) {
    guard length > 0 else { return }
    recent = nil
    for span in Int(offset) / SpanCache.spanSize...(Int(offset) + length - 1) / SpanCache.spanSize {
      spans.removeValue(forKey: Key(source: source, span: span))?.bytes.deallocate()
    }
  }
}
