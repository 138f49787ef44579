/// Small integers in the order in which they were last touched, so that the first to expire is found at once.
///
/// A doubly linked list through arrays; every operation takes constant time.
struct RecencyList: Sendable {
  private static let none = -1
  private var older: [Int] = []
  private var newer: [Int] = []
  private var newest = none
  /// The one touched longest ago, or nil where there is none.
  var oldest: Int? { first == Self.none ? nil : first }
  private var first = none

  /// Appends a number not in the list.
  mutating func insert(_ number: Int) {
    while older.count <= number {
      older.append(Self.none)
      newer.append(Self.none)
    }
    older[number] = newest
    newer[number] = Self.none
    if newest == Self.none { first = number } else { newer[newest] = number }
    newest = number
  }

  /// Removes a number in the list.
  mutating func remove(_ number: Int) {
    let (before, after) = (older[number], newer[number])
    if before == Self.none { first = after } else { newer[before] = after }
    if after == Self.none { newest = before } else { older[after] = before }
  }

  /// Makes a number in the list the newest.
  mutating func touch(_ number: Int) {
    guard newest != number else { return }
    remove(number)
    insert(number)
  }
}
