// Safety: freed in `deinit`, when nobody has a reference. Ranges are checked, and a span exists only during the call
// that lends it, to one user at a time.

/// A fixed number of bytes for reading files and datagrams into: not set to zero first, and aligned as the system likes
/// it. They are lent to one reader or writer at a time; whoever holds a reference may hand it to another thread.
@safe public final class Memory: @unchecked Sendable {
  @usableFromInline let bytes: UnsafeMutableBufferPointer<UInt8>
  @usableFromInline var isLent = false

  /// Memory whose content is whatever it was.
  public init(_ count: Int, alignment: Int = 64) {
    let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: alignment)
    unsafe bytes = raw.bindMemory(to: UInt8.self)
  }

  deinit { unsafe bytes.deallocate() }

  /// How many bytes.
  @inlinable public var count: Int { unsafe bytes.count }

  /// Lends bytes that are inside to be read.
  @inlinable public func read<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count && !isLent)
    isLent = true
    defer { isLent = false }
    return try body(unsafe Span(_unsafeElements: bytes.extracting(range)))
  }

  /// Lends bytes that are inside to be written.
  @inlinable public func write<Result, Failure: Error>(
    _ range: Range<Int>, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count && !isLent)
    isLent = true
    defer { isLent = false }
    var span = unsafe MutableSpan(_unsafeElements: bytes.extracting(range))
    return try body(&span)
  }

  /// Where they begin, for calls of the system, which keep to `count` bytes.
  @unsafe @inlinable public var start: UnsafeMutableRawPointer {
    // Only an empty buffer has no address.
    unsafe UnsafeMutableRawPointer(bytes.baseAddress!)
  }
}
