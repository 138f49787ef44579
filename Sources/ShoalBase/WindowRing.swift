/// Elements by ascending number, within a sliding window. Owns its memory, and grows on request.
@frozen public struct WindowRing<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<Element>
  @usableFromInline var mask: UInt64

  /// A ring with room for a window of `capacity` numbers.
  @inlinable public init(capacity: Int) {
    let size = capacity.roundedUpToPowerOfTwo
    storage = .allocate(capacity: size)
    mask = UInt64(size) - 1
  }

  @inlinable deinit { storage.deallocate() }

  /// The widest window that there is room for.
  @inlinable public var capacity: UInt64 { mask + 1 }

  /// The element of a number, once it has been set. Every number has a place in the ring: none lies outside it.
  @inlinable public subscript(number: UInt64) -> Element {
    @inline(__always) unsafeAddress { UnsafePointer(storage + Int(truncatingIfNeeded: number & mask)) }
    @inline(__always) unsafeMutableAddress { storage + Int(truncatingIfNeeded: number & mask) }
  }

  /// Makes room for twice as many, the elements of `window` being set.
  @inlinable public mutating func grow(_ window: Range<UInt64>) {
    let larger = mask * 2 + 1
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: Int(larger) + 1)
    for n in window { moved[Int(n & larger)] = storage[Int(n & mask)] }
    storage.deallocate()
    storage = moved
    mask = larger
  }
}
