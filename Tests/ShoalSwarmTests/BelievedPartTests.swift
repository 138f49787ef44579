import ShoalBase
import ShoalContent
import ShoalSimulator
import Testing

@testable import ShoalStore

/// A part that is believed, and turns out to be wrong while the download continues: a store, job by job.
@Suite struct BelievedPartTests {
  private static let piece = 65_536
  private static let file = WorldFile(seed: 5, size: 3 * piece)
  private static let target = "a"

  private var disk = SimulatedDisk()

  private static func content(_ piece: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.piece)
    var room = bytes.mutableSpan
    file.fill(&room, offset: UInt64(piece * Self.piece))
    return bytes
  }

  /// A run of the program.
  private struct Run {
    var store = Store()
    var handle: Int?
    var gathered: [StoreJobID: [UInt8]] = [:]
    /// The verification of what is believed, which is done last.
    var proof: (id: StoreJobID, job: StoreJob)?
    var told: [String] = []

    mutating func work(_ disk: inout SimulatedDisk) {
      while let (id, job) = store.nextJob() {
        if case .verify = job, proof == nil {
          proof = (id, job)
          continue
        }
        complete(id, job, &disk)
      }
      while let event = store.nextEvent() {
        switch event {
        case .prepared(_, let have, _): told.append("has \(have.rangesDescription)")
        case .lost(_, let pieces): told.append("lost \(pieces.rangesDescription)")
        case .finished: told.append("finished")
        case .failed(_, let failure): told.append("\(failure)")
        case .settled(_, let piece, let isRight): told.append("\(piece) \(isRight)")
        case .journalSetAside(_, _, let fault): told.append("\(fault)")
        default: break
        }
      }
    }

    mutating func complete(_ id: StoreJobID, _ job: StoreJob, _ disk: inout SimulatedDisk) {
      store.complete(id, disk.perform(job, &handle, piece: gathered[id] ?? []))
    }

    mutating func settle(_ piece: Int, _ disk: inout SimulatedDisk) {
      if let id = store.settle(piece, of: 0, at: disk.now) { gathered[id] = BelievedPartTests.content(piece) }
      work(&disk)
    }

    mutating func prove(_ disk: inout SimulatedDisk) {
      guard let (id, job) = proof else { return }
      complete(id, job, &disk)
      work(&disk)
    }
  }

  /// A run that was killed after it had noted pieces 0 and 1; then another program writes to piece 0.
  private mutating func leave() {
    var run = Run()
    disk.now = Instant(nanoseconds: 100 * .second)
    run.store.prepare(0, Self.file.manifest, target: Self.target, replacing: false)
    run.work(&disk)
    run.settle(0, &disk)
    run.settle(1, &disk)
    disk.now = disk.now + 6 * .second
    run.store.expire(at: disk.now)
    run.work(&disk)
    disk.now = disk.now + .second
    disk.write([1, 2, 3], at: 9, partPath(of: Self.target))
  }

  private mutating func begin() -> Run {
    var run = Run()
    run.store.prepare(0, Self.file.manifest, target: Self.target, replacing: false)
    run.work(&disk)
    return run
  }

  private var isWhole: Bool { disk[Self.target] == Self.file.content(.full(capacity: 3)) }

  @Test mutating func whatIsWrongIsFetchedAgain() {
    leave()
    var run = begin()
    run.prove(&disk)
    run.settle(2, &disk)
    run.settle(0, &disk)
    run.store.finish(0)
    run.work(&disk)
    #expect(run.told == ["has 0-1", "disagrees", "lost 0", "2 true", "0 true", "finished"])
    #expect(isWhole)
  }

  /// That is noticed only when all pieces seem to be here, before or after the completion is reported.
  @Test(arguments: [false, true]) mutating func nothingWrongGetsTheName(isLate: Bool) {
    leave()
    var run = begin()
    run.settle(2, &disk)
    if !isLate { run.prove(&disk) }
    run.store.finish(0)
    run.work(&disk)
    run.prove(&disk)
    let failure = "\(StoreFailure.partTouched(path: partPath(of: Self.target)))"
    #expect(run.told == ["has 0-1", "2 true", "disagrees"] + (isLate ? [] : ["lost 0"]) + [failure])
    #expect(disk[Self.target] == nil)
    // The next time it is checked from the start.
    var again = begin()
    again.settle(0, &disk)
    again.store.finish(0)
    again.work(&disk)
    #expect(again.told == ["has 1-2", "0 true", "finished"])
    #expect(isWhole)
  }

  /// As long as it is not known, the file does not get its name.
  @Test mutating func theNameWaitsForTheProof() {
    leave()
    disk.write(Array(Self.content(0)[9..<12]), at: 9, partPath(of: Self.target))
    var run = begin()
    run.settle(2, &disk)
    run.store.finish(0)
    run.work(&disk)
    #expect(run.told == ["has 0-1", "2 true"] && disk[Self.target] == nil)
    run.prove(&disk)
    #expect(run.told.last == "finished")
    #expect(isWhole)
  }

  /// After a run that did not finish verifying, the pieces that it noted are still only believed.
  @Test mutating func doubtIsInherited() {
    leave()
    var run = begin()
    run.settle(2, &disk)
    disk.now = disk.now + 6 * .second
    run.store.expire(at: disk.now)
    run.work(&disk)
    disk.now = disk.now + 100 * .second
    var again = begin()
    #expect(again.told == ["has 0-2"] && again.proof != nil)
    again.prove(&disk)
    #expect(again.told.last == "lost 0")
  }
}
