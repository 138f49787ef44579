import ShoalBase

/// Whose turn it is to send: deficit round robin (Shreedhar and Varghese, 1995). An expensive connection gets as many
/// turns as others, each for the same amount of work.
struct Turns: ~Copyable {
  /// The slots that may have something to send, the one whose turn it is first.
  private var ready = Ring<Int>()
  private var isReady: [Bool]
  /// The work that each has left in this round of turns; below zero if it has cost more than its share.
  private(set) var credit: [Int]
  /// Whether the first has been given its share of this round.
  private var hasBegun = false

  init(slots: Int) {
    isReady = Array(repeating: false, count: slots)
    credit = Array(repeating: 0, count: slots)
  }

  /// The slot whose turn it is.
  var first: Int? { ready.isEmpty ? nil : ready.first }

  /// Notes that a slot may have something to send.
  @inline(__always)
  mutating func add(_ slot: Int) {
    guard !isReady[slot] else { return }
    isReady[slot] = true
    ready.append(slot)
  }

  /// Gives the first its share of this round, if it has not had it; false if that does not pay for what it owes, in
  /// which case the turn passes to the next one.
  mutating func begin() -> Bool {
    let slot = ready.first
    if !hasBegun { credit[slot] = min(credit[slot] + Work.quantum, Work.quantum) }
    hasBegun = credit[slot] > 0
    if !hasBegun { pass() }
    return hasBegun
  }

  /// Takes this much off the first one's share.
  mutating func spend(_ work: Int) {
    credit[ready.first] -= work
    if credit[ready.first] <= 0 { pass() }
  }

  /// Notes that the first has nothing more to send.
  mutating func finish() {
    hasBegun = false
    guard let slot = ready.popFirst() else { return }
    credit[slot] = 0
    isReady[slot] = false
  }

  private mutating func pass() {
    hasBegun = false
    if let slot = ready.popFirst() { ready.append(slot) }
  }

  /// Charges a slot for work that it has caused: its next turns pay for it.
  mutating func charge(_ work: Int, to slot: Int) {
    credit[slot] = max(credit[slot] - min(work, Work.mostDebt), -Work.mostDebt)
  }

  /// Notes that a slot is free for another connection.
  mutating func remove(_ slot: Int) {
    credit[slot] = 0
    guard isReady[slot] else { return }
    ready.filter { $0 != slot }
    isReady[slot] = false
    hasBegun = false
  }
}
