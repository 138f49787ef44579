/// Bytes that were read and that nothing changes any more, indexed from 0: a part of an array that others may share.
package struct Bytes: RandomAccessCollection, Hashable, Sendable {
  private let storage: [UInt8]
  private let start: Int
  /// How many bytes.
  package let count: Int

  /// All of an array.
  package init(_ storage: [UInt8] = []) { (self.storage, start, count) = (storage, 0, storage.count) }

  /// A part of an array.
  init(_ storage: [UInt8], _ range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= storage.count)
    (self.storage, start, count) = (storage, range.lowerBound, range.count)
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count)
    return storage[start + index]
  }

  /// The bytes of `range`, indexed from 0 again.
  package func slice(_ range: Range<Int>) -> Bytes {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return Bytes(storage, start + range.lowerBound..<start + range.upperBound)
  }

  /// What is decoded.
  package var span: Span<UInt8> {
    @_lifetime(borrow self) get { storage.span.extracting(start..<start + count) }
  }

  package static func == (left: Bytes, right: Bytes) -> Bool { left.elementsEqual(right) }
  package func hash(into hasher: inout Hasher) { for byte in self { hasher.combine(byte) } }
}
