import ShoalBase
import ShoalContent
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTracker

/// A tracker that stops at any moment, and continues from its state file.
struct StateTests {
  /// What a tracker knows of each peer and file.
  private func known(_ tracker: borrowing Registrar) -> [RegistrationKey: String] {
    var known: [RegistrationKey: String] = [:]
    for index in 0..<tracker.registry.entries.count where tracker.registry.entries[index].label != chainEnd {
      let (have, chunks) = tracker.registry.chunks(UInt32(index))
      let label = tracker.registry.entries[index].label
      let (runs, _) = tracker.registry.runs(UInt32(index), from: 0, fitting: 100_000)
      let name = tracker.registry.name(of: label)
      known[tracker.registry.key(UInt32(index))] = "\(name) \(have)/\(chunks) \(have > 0 ? runs : [])"
    }
    return known
  }

  private func restored(_ file: [UInt8], at now: Instant) throws -> Registrar {
    let read = StateHeader.read(file.span)
    let (header, count) = try #require(read)
    var tracker = Registrar(key: header.key, seed: 9, epoch: header.epoch)
    let rest = file.span.extracting(count...)
    _ = tracker.restore(rest, at: now)
    return tracker
  }

  /// Whatever had been written is restored, whenever the tracker stopped: even while a snapshot was being made.
  @Test(arguments: seeds(0..<8)) func restoresWhatWasWritten(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var harness = TrackerHarness(seed: seed) { $0.interval = 20 * .second }
    harness.tracker.keepState()
    var file = harness.tracker.stateHeader
    var next: [UInt8]?
    for step in 0..<400 {
      let (address, id) = (peer(1 + random.below(8)), digest(UInt64(random.below(4))))
      let chunks = [1, 10, 3_000][random.below(3)]
      let first = random.below(chunks)
      let have = random.below(3) > 0 ? [run(UInt32(first), UInt32(1 + random.below(chunks - first)))] : []
      switch random.below(8) {
      case 0...3:
        try harness.register(id, from: address, chunks: chunks, have: have, name: ["a", "b"][random.below(2)])
      case 4, 5: _ = try harness.reply(to: try harness.updating(id, from: address, gained: have), from: address)
      case 6: _ = try harness.reply(to: try harness.deregistering(id, from: address), from: address)
      default:
        harness.advance(Int64(random.below(20)))
        harness.tracker.expire(at: harness.now)
      }
      let changes = harness.tracker.takeChanges()
      file += changes
      next? += changes
      if step % 90 == 50 {
        harness.tracker.beginSnapshot()
        next = harness.tracker.stateHeader
      }
      if next != nil {
        next? += harness.tracker.takeSnapshot(2)
        if !harness.tracker.isMakingSnapshot { (file, next) = (next!, nil) }
      }
      guard step % 40 == 39 else { continue }
      let again = try restored(file, at: harness.now)
      let isSame = known(again) == known(harness.tracker)
      #expect(isSame)
    }
  }

  @Test func cookiesAndEpochAreKept() throws {
    var harness = TrackerHarness()
    harness.tracker.keepState()
    var file = harness.tracker.stateHeader
    try harness.register(digest(1), from: peer(1), have: [run(0, 3)])
    let packet = try harness.lookingUp(digest(1), from: peer(2))
    file += harness.tracker.takeChanges()
    let epoch = harness.tracker.epoch
    harness.tracker = try restored(file, at: harness.now)
    let peers: PeersPacket = try harness.ask(packet, from: peer(2))
    #expect(peers.peers.map(\.address) == [peer(1)] && peers.peers[0].have == 3 && harness.tracker.epoch == epoch)
  }

  /// A file that is cut off anywhere, or has any bit flipped, is used up to there or not at all.
  @Test func aDamagedFileIsUsedUpToTheDamage() throws {
    var harness = TrackerHarness()
    harness.tracker.keepState()
    var file = harness.tracker.stateHeader
    for number in 1...20 { try harness.register(digest(UInt64(number)), from: peer(number), have: [run(0, 3)]) }
    file += harness.tracker.takeChanges()
    for length in stride(from: 0, to: file.count, by: 7) {
      guard StateHeader.read(file.span.extracting(..<length)) != nil else { continue }
      let tracker = try restored(Array(file[..<length]), at: harness.now)
      #expect(tracker.registrationCount <= 20 * length / file.count)
    }
    var random = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      var damaged = file
      damaged[random.below(file.count)] ^= UInt8(1 << random.below(8))
      guard StateHeader.read(damaged.span) != nil else { continue }
      #expect(try restored(damaged, at: harness.now).registrationCount < 20)
    }
    let zeros = [UInt8](repeating: 0, count: 64)
    let nothing = StateHeader.read(zeros.span)
    #expect(nothing?.count == nil)
  }
}
