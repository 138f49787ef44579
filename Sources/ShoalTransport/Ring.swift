/// A first-in, first-out queue that owns its memory and grows by doubling; no reference counting per element.
struct Ring<Element: BitwiseCopyable>: ~Copyable {
  private var storage: UnsafeMutablePointer<Element>
  private var mask: Int
  private var head = 0
  private(set) var count = 0

  init(capacity: Int = 16) {
    let size = capacity.roundedUpToPowerOfTwo
    storage = .allocate(capacity: size)
    mask = size - 1
  }

  deinit { storage.deallocate() }

  var isEmpty: Bool { count == 0 }
  /// One more makes it grow.
  var isFull: Bool { count > mask }
  var capacity: Int { mask + 1 }

  /// The oldest element; there must be one.
  var first: Element { self[0] }
  /// The newest element.
  var last: Element? { count > 0 ? self[count - 1] : nil }

  subscript(index: Int) -> Element {
    get {
      precondition(index < count)
      return storage[(head + index) & mask]
    }
    set {
      precondition(index < count)
      storage[(head + index) & mask] = newValue
    }
  }

  mutating func append(_ element: Element) {
    if count > mask { grow() }
    storage[(head + count) & mask] = element
    count += 1
  }

  mutating func prepend(_ element: Element) {
    if count > mask { grow() }
    head = (head - 1) & mask
    storage[head] = element
    count += 1
  }

  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = storage[head]
    head = (head + 1) & mask
    count -= 1
    return element
  }

  mutating func removeLast() { count = max(count - 1, 0) }

  /// Keeps only what `keep` says, in order.
  mutating func filter(_ keep: (Element) -> Bool) {
    var kept = 0
    for i in 0..<count where keep(self[i]) {
      self[kept] = self[i]
      kept += 1
    }
    count = kept
  }

  mutating func removeAll() {
    head = 0
    count = 0
  }

  mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: (mask + 1) * 2)
    for i in 0..<count { larger[i] = storage[(head + i) & mask] }
    storage.deallocate()
    storage = larger
    head = 0
    mask = mask * 2 + 1
  }
}

extension Int {
  var roundedUpToPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}

/// Elements by ascending number: those of a window, which slides. Owns its memory, and grows when it is told to.
struct WindowRing<Element: BitwiseCopyable>: ~Copyable {
  private var storage: UnsafeMutablePointer<Element>
  private var mask: UInt64

  init(capacity: Int) {
    let size = capacity.roundedUpToPowerOfTwo
    storage = .allocate(capacity: size)
    mask = UInt64(size) - 1
  }

  deinit { storage.deallocate() }

  var capacity: UInt64 { mask + 1 }

  /// The place of a number that lies in the window; valid until it grows.
  func at(_ number: UInt64) -> UnsafeMutablePointer<Element> { storage + Int(truncatingIfNeeded: number & mask) }

  /// Makes room for twice as many, the elements of `window` being set.
  mutating func grow(_ window: Range<UInt64>) {
    let larger = mask * 2 + 1
    let moved = UnsafeMutablePointer<Element>.allocate(capacity: Int(larger) + 1)
    for n in window { moved[Int(n & larger)] = storage[Int(n & mask)] }
    storage.deallocate()
    storage = moved
    mask = larger
  }
}
