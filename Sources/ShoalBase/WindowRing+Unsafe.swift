// Safety: freed once, in `deinit` or when it is replaced, as a ring cannot be copied; the mask keeps every number
// inside, and the elements are plain bits.

/// Elements by ascending number, within a sliding window. Owns its memory, and grows on request.
///
/// `Ring` and `BitRing` keep theirs in one, so this is the only ring that allocates.
@safe @frozen public struct WindowRing<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  @usableFromInline var mask: UInt64

  /// A ring with room for a window of `capacity` numbers.
  @inlinable public init(capacity: Int) {
    let size = capacity.roundedUpToPowerOfTwo
    unsafe storage = .allocate(capacity: size)
    mask = UInt64(size) - 1
  }

  /// A ring in which all elements are set.
  @inlinable public init(capacity: Int, repeating element: Element) {
    self.init(capacity: capacity)
    unsafe storage.initialize(repeating: element, count: Int(mask) + 1)
  }

  @inlinable deinit { unsafe storage.deallocate() }

  /// The widest window that there is room for.
  @inlinable public var capacity: UInt64 { mask + 1 }

  /// The element of a number, once it has been set. Every number has a place in the ring: none lies outside it.
  @inlinable public subscript(number: UInt64) -> Element {
    @inline(__always) unsafeAddress { unsafe UnsafePointer(storage + Int(truncatingIfNeeded: number & mask)) }
    @inline(__always) unsafeMutableAddress { unsafe storage + Int(truncatingIfNeeded: number & mask) }
  }

  /// Makes room for twice as many, the elements of `window` being set; where there is an `element`, it is set for all
  /// others.
  @inlinable public mutating func grow(_ window: Range<UInt64>, repeating element: Element? = nil) {
    assert(window.count <= capacity)
    var larger = WindowRing(capacity: Int(capacity) * 2)
    if let element { unsafe larger.storage.initialize(repeating: element, count: Int(larger.capacity)) }
    for n in window { larger[n] = self[n] }
    self = larger
  }
}
