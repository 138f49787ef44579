// Safety: freed once, in `deinit`, as this cannot be copied; `used` says which places are initialised, and is checked at
// each access.

/// A fixed number of places for elements that may not be copied; each is free or used. Owns its memory.
@safe @frozen public struct Slots<Element: ~Copyable>: ~Copyable {
  @usableFromInline let storage: UnsafeMutablePointer<Element>
  @usableFromInline var used: [Bool]

  /// `capacity` free places.
  @inlinable public init(capacity: Int) {
    unsafe storage = .allocate(capacity: capacity)
    used = Array(repeating: false, count: capacity)
  }

  @inlinable deinit {
    for slot in used.indices where used[slot] { unsafe (storage + slot).deinitialize(count: 1) }
    unsafe storage.deallocate()
  }

  /// How many places there are.
  @inlinable public var capacity: Int { used.count }

  /// Whether there is such a place, and it is used.
  @inlinable public func isUsed(_ slot: Int) -> Bool { slot >= 0 && slot < used.count && used[slot] }

  /// The element in a place that is used.
  @inlinable public subscript(slot: Int) -> Element {
    @inline(__always) unsafeAddress {
      precondition(used[slot])
      return unsafe UnsafePointer(storage + slot)
    }
    @inline(__always) unsafeMutableAddress {
      precondition(used[slot])
      return unsafe storage + slot
    }
  }

  /// Uses a place that is free.
  @inlinable public mutating func insert(_ element: consuming Element, at slot: Int) {
    precondition(!used[slot])
    unsafe (storage + slot).initialize(to: element)
    used[slot] = true
  }

  /// Frees a place that is used.
  @inlinable public mutating func remove(_ slot: Int) {
    precondition(used[slot])
    used[slot] = false
    unsafe (storage + slot).deinitialize(count: 1)
  }
}
