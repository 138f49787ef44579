import ShoalBase
import ShoalLink
import Testing

@Suite struct ReleasesTests {
  private func drain(_ releases: inout Releases, at now: Instant) -> [UInt32] {
    var tokens: [UInt32] = []
    while let token = releases.popDue(at: now) { tokens.append(token) }
    return tokens
  }

  @Test func tokensComeInOrderOfTimeAndThenOfInsertion() {
    var releases = Releases(capacity: 5_000)
    var generator = SeededGenerator(seed: 1)
    var model: [(time: Int64, token: UInt32)] = []
    for token in 0..<UInt32(5_000) {
      let time = Int64(generator.next() % 100)
      #expect(releases.insert(token, at: at(milliseconds: time)) == true)
      model.append((time, token))
    }
    // Tokens ascend in the order of insertion, so sorting by both gives the stable order.
    model.sort { ($0.time, $0.token) < ($1.time, $1.token) }
    #expect(drain(&releases, at: .distantFuture) == model.map(\.token))
    #expect(releases.isEmpty)
  }

  @Test func onlyWhatIsDueComesOut() {
    var releases = Releases(capacity: 10)
    #expect(releases.deadline == .distantFuture)
    for (token, time) in [5, 3, 9, 3].enumerated() {
      #expect(releases.insert(UInt32(token), at: at(milliseconds: Int64(time))) == true)
    }
    #expect(releases.deadline == at(milliseconds: 3))
    #expect(drain(&releases, at: at(milliseconds: 3) - 1).isEmpty)
    #expect(drain(&releases, at: at(milliseconds: 3)) == [1, 3])
    #expect(releases.deadline == at(milliseconds: 5))
    #expect(drain(&releases, at: at(milliseconds: 20)) == [0, 2])
    #expect(releases.deadline == .distantFuture)
    #expect(releases.popDue(at: .distantFuture) == nil)
  }

  @Test func aFullHeapRefuses() {
    var releases = Releases(capacity: 2)
    #expect(releases.insert(1, at: .zero) == true)
    #expect(releases.insert(2, at: .zero) == true)
    #expect(releases.insert(3, at: .zero) == false)
    #expect(releases.count == 2)
    #expect(releases.popDue(at: .zero) == 1)
    #expect(releases.insert(3, at: .zero) == true)
    #expect(drain(&releases, at: .zero) == [2, 3])
  }

  @Test func insertionsAndRemovalsMix() {
    var releases = Releases(capacity: 1_000)
    var generator = SeededGenerator(seed: 2)
    var model: [(time: Int64, token: UInt32)] = []
    var token: UInt32 = 0
    for step in 0..<Int64(3_000) {
      for _ in 0..<generator.next() % 3 {
        let time = step + Int64(generator.next() % 50)
        #expect(releases.insert(token, at: at(milliseconds: time)) == true)
        model.append((time, token))
        token += 1
      }
      let due = model.filter { $0.time <= step }.sorted { ($0.time, $0.token) < ($1.time, $1.token) }
      model.removeAll { $0.time <= step }
      #expect(drain(&releases, at: at(milliseconds: step)) == due.map(\.token))
      #expect(releases.deadline == (model.map(\.time).min().map { at(milliseconds: $0) } ?? .distantFuture))
    }
  }
}
