/// First in, first out, of at most `limit` elements.
struct Queue<Element: Sendable>: Sendable {
  /// So many replies and events wait for a host that does not fetch them.
  static var limit: Int { 4_096 }

  private var elements: [Element] = []
  private var head = 0

  /// Appends, unless the queue is full; whether it did.
  mutating func push(_ element: Element) -> Bool {
    guard elements.count - head < Self.limit else { return false }
    elements.append(element)
    return true
  }

  /// Removes the oldest.
  mutating func pop() -> Element? {
    guard head < elements.count else { return nil }
    defer {
      head += 1
      if head == elements.count || head == Self.limit {
        elements.removeSubrange(..<head)
        head = 0
      }
    }
    return elements[head]
  }
}
