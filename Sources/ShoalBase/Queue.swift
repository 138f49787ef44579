/// First in, first out. An element is released as soon as it is fetched, its slot once half of all slots are empty.
@frozen public struct Queue<Element> {
  @usableFromInline var elements: [Element?] = []
  @usableFromInline var head = 0

  /// An empty queue.
  @inlinable public init() {}

  /// How many wait.
  @inlinable public var count: Int { elements.count - head }
  /// Whether none waits.
  @inlinable public var isEmpty: Bool { head == elements.count }
  /// The oldest.
  @inlinable public var first: Element? { isEmpty ? nil : elements[head] }

  /// Adds one at the end.
  @inlinable public mutating func append(_ element: Element) { elements.append(element) }

  /// Adds one before the oldest.
  @inlinable public mutating func prepend(_ element: Element) { elements.insert(element, at: head) }

  /// Removes the oldest.
  @inlinable public mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    elements[head] = nil
    head += 1
    if head * 2 >= elements.count {
      elements.removeSubrange(..<head)
      head = 0
    }
    return element
  }

  /// Removes all.
  @inlinable public mutating func removeAll() {
    elements = []
    head = 0
  }
}

extension Queue: Sendable where Element: Sendable {}
