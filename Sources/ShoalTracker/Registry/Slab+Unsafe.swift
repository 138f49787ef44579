import CShoalKernels

// Safety: segments are freed once, in `deinit`, as a slab cannot be copied; an index is checked against `count`, below
// which everything is set, and the elements are plain bits.

/// Elements in segments of memory that never move, so that no growth copies anything. Owns its memory, of which the
/// system provides only what was set.
@safe struct Slab<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  private var segments: [UnsafeMutablePointer<Element>]
  private let bits: Int
  /// How many elements there are.
  private(set) var count = 0

  /// An empty slab, whose segments have `1 << segmentBits` elements.
  init(segmentBits: Int) {
    bits = segmentBits
    unsafe segments = []
  }

  deinit { for index in unsafe 0..<segments.count { unsafe segments[index].deallocate() } }

  /// The bytes of all elements.
  var byteCount: Int { count * MemoryLayout<Element>.stride }

  /// The element at an index below `count`.
  subscript(index: Int) -> Element {
    @inline(__always) unsafeAddress {
      precondition(index >= 0 && index < count)
      return unsafe UnsafePointer(segments[index >> bits] + (index & (1 << bits - 1)))
    }
    @inline(__always) unsafeMutableAddress {
      precondition(index >= 0 && index < count)
      return unsafe segments[index >> bits] + (index & (1 << bits - 1))
    }
  }

  /// The element at an index below `count`.
  subscript(index: UInt32) -> Element {
    @inline(__always) unsafeAddress {
      precondition(Int(index) < count)
      return unsafe UnsafePointer(segments[Int(index) >> bits] + (Int(index) & (1 << bits - 1)))
    }
    @inline(__always) unsafeMutableAddress {
      precondition(Int(index) < count)
      return unsafe segments[Int(index) >> bits] + (Int(index) & (1 << bits - 1))
    }
  }

  /// Lends consecutive elements, which must be in one segment, to be read.
  @inline(__always) func read<Result>(_ range: Range<Int>, _ body: (Span<Element>) -> Result) -> Result {
    precondition(range.lowerBound >= 0 && range.upperBound <= count && !range.isEmpty)
    precondition(range.lowerBound >> bits == (range.upperBound - 1) >> bits)
    let start = unsafe segments[range.lowerBound >> bits] + (range.lowerBound & (1 << bits - 1))
    return unsafe body(Span(_unsafeStart: start, count: range.count))
  }

  /// Lends consecutive elements, which must be in one segment, to be changed.
  @inline(__always) mutating func change(_ range: Range<Int>, _ body: (inout MutableSpan<Element>) -> Void) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count && !range.isEmpty)
    precondition(range.lowerBound >> bits == (range.upperBound - 1) >> bits)
    let start = unsafe segments[range.lowerBound >> bits] + (range.lowerBound & (1 << bits - 1))
    var span = unsafe MutableSpan(_unsafeStart: start, count: range.count)
    body(&span)
  }

  /// Begins to bring an element into the processor's cache; does nothing if there is no such element.
  @inline(__always) func prefetch(_ index: Int) {
    guard index >= 0, index < count else { return }
    let element = unsafe UnsafeRawPointer(segments[index >> bits] + (index & (1 << bits - 1)))
    var offset = 0
    while offset < MemoryLayout<Element>.stride {
      unsafe shoal_prefetch(element + offset)
      offset += 64
    }
  }

  /// Adds elements at the end.
  mutating func append(_ element: Element, times: Int = 1) {
    var left = times
    while left > 0 {
      if unsafe count >> bits == segments.count { unsafe segments.append(.allocate(capacity: 1 << bits)) }
      let start = count & (1 << bits - 1)
      let length = min(left, 1 << bits - start)
      unsafe (segments[count >> bits] + start).initialize(repeating: element, count: length)
      count += length
      left -= length
    }
  }

  /// Sets consecutive elements, which must be in one segment.
  mutating func fill(_ range: Range<Int>, with element: Element) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    guard !range.isEmpty else { return }
    precondition(range.lowerBound >> bits == (range.upperBound - 1) >> bits)
    unsafe (segments[range.lowerBound >> bits] + (range.lowerBound & (1 << bits - 1)))
      .update(repeating: element, count: range.count)
  }
}
