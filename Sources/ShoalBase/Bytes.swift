/// Bytes that were read and that nothing changes any more, indexed from 0: a part of an array that others may share.
@frozen public struct Bytes: RandomAccessCollection, Hashable, Sendable {
  @usableFromInline let storage: [UInt8]
  @usableFromInline let start: Int
  /// How many bytes.
  public let count: Int

  /// All of an array.
  @inlinable public init(_ storage: [UInt8] = []) { (self.storage, start, count) = (storage, 0, storage.count) }

  /// A part of an array.
  @inlinable @inline(__always) public init(_ storage: [UInt8], _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= storage.count)
    (self.storage, start, count) = (storage, range.lowerBound, range.count)
  }

  /// 0.
  @inlinable public var startIndex: Int { 0 }
  /// As many as there are.
  @inlinable public var endIndex: Int { count }

  /// The byte at an index, which must be below `count`.
  @inlinable public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count)
    return storage[start + index]
  }

  /// The bytes of `range`, indexed from 0 again.
  @inlinable @inline(__always) public func slice(_ range: Range<Int>) -> Bytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Bytes(storage, start + range.lowerBound..<start + range.upperBound)
  }

  /// The bytes, to be read in place.
  @inlinable public var span: Span<UInt8> {
    @inline(__always) @_lifetime(borrow self) get { storage.span.extracting(start..<start + count) }
  }

  /// Whether both have the same bytes, wherever they lie.
  @inlinable public static func == (left: Bytes, right: Bytes) -> Bool { left.elementsEqual(right) }
  /// Hashes the bytes alone.
  @inlinable public func hash(into hasher: inout Hasher) { for byte in self { hasher.combine(byte) } }
}
