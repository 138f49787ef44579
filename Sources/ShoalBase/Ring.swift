/// A first-in, first-out queue that owns its memory and grows by doubling; no reference counting per element.
@frozen public struct Ring<Element: BitwiseCopyable>: ~Copyable {
  @usableFromInline var storage: WindowRing<Element>
  /// The place of the oldest, in the storage, where places repeat.
  @usableFromInline var head: UInt64 = 0
  @usableFromInline var stored = 0

  /// An empty queue.
  @inlinable public init(capacity: Int = 16) { storage = WindowRing(capacity: capacity) }

  /// Whether there is none.
  @inlinable public var isEmpty: Bool { stored == 0 }
  /// How many there are.
  @inlinable public var count: Int { stored }
  /// Whether one more makes it grow.
  @inlinable public var isFull: Bool { stored >= capacity }
  /// How many there is room for.
  @inlinable public var capacity: Int { Int(storage.capacity) }

  /// The oldest element; there must be one.
  @inlinable public var first: Element { self[0] }
  /// The newest element.
  @inlinable public var last: Element? { stored > 0 ? self[stored - 1] : nil }

  /// The element at `index`, the oldest being 0; there must be one.
  @inlinable public subscript(index: Int) -> Element {
    get {
      precondition(index < stored)
      return storage[head &+ UInt64(truncatingIfNeeded: index)]
    }
    set {
      precondition(index < stored)
      storage[head &+ UInt64(truncatingIfNeeded: index)] = newValue
    }
  }

  /// Adds one at the end.
  @inlinable public mutating func append(_ element: Element) {
    if isFull { grow() }
    storage[head &+ UInt64(truncatingIfNeeded: stored)] = element
    stored += 1
  }

  /// Adds one before the oldest.
  @inlinable public mutating func prepend(_ element: Element) {
    if isFull { grow() }
    head &-= 1
    storage[head] = element
    stored += 1
  }

  /// Removes the oldest.
  @inlinable public mutating func popFirst() -> Element? {
    guard stored > 0 else { return nil }
    let element = storage[head]
    head &+= 1
    stored -= 1
    return element
  }

  /// Removes the newest, if there is one.
  @inlinable public mutating func removeLast() { stored = max(stored - 1, 0) }

  /// Keeps only the elements for which `keep` is true, in order.
  @inlinable public mutating func filter(_ keep: (Element) -> Bool) {
    var kept = 0
    for i in 0..<stored where keep(self[i]) {
      self[kept] = self[i]
      kept += 1
    }
    stored = kept
  }

  /// Removes all; the room stays.
  @inlinable public mutating func removeAll() {
    head = 0
    stored = 0
  }

  /// Makes room for twice as many.
  @inlinable public mutating func grow() {
    head &= storage.capacity - 1
    storage.grow(head..<head + UInt64(stored))
  }
}

extension Int {
  /// The least power of two that is not below it.
  @inlinable public var roundedUpToPowerOfTwo: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
