import ShoalBase
import ShoalTracker
import Synchronization
import TestSupport
import Testing

@testable import Shoal

/// A tracker's state on a disk that is full, or cannot be written to.
struct StateDiskTests {
  private let header: [UInt8] = {
    var header = StateHeader()
    header.epoch = 7
    return header.bytes
  }()

  private func at(_ seconds: Int64) -> Instant { Instant.zero + 100 * .second + seconds * .second }

  /// What was reported.
  private func news(_ disk: inout StateDisk, _ order: StateOrder, _ seconds: Int64) -> [TrackerEvent] {
    disk.carryOut(order, workers: 1, at: at(seconds)).news
  }

  private func disk(_ path: String, _ file: File?) -> StateDisk {
    var disk = StateDisk(path: path)
    (disk.header, disk.canBegin, disk.file, disk.size) = (header, true, file, header.count)
    return disk
  }

  @Test func aFullDiskIsReportedOnceAndItsEnd() throws {
    let scratch = try Scratch()
    let path = scratch.at("gone/state")
    let full = try File.create("/dev/full")
    var disk = disk(path, full)
    let first = news(&disk, .changes([1, 2, 3]), 0)
    #expect(
      first == [
        .stateFailed("\(path): disk full; what changes is not saved until that is over"),
        .stateFailed(
          "\(path).new: no such file or directory; check the path; what changes is not saved until that is over"),
      ])
    for seconds in stride(from: 1, to: 600, by: 7) as StrideTo<Int64> {
      let more = news(&disk, .changes([1]), seconds)
      #expect(more.isEmpty)
    }
    // There is room again: within a minute a snapshot is made.
    try scratch.folder("gone")
    var outcome = disk.carryOut(.look, workers: 1, at: at(660))
    #expect(outcome.begins == 1 && outcome.news.isEmpty)
    outcome = disk.carryOut(.part([4, 5], of: 1, isLast: true), workers: 1, at: at(660))
    #expect(outcome.isComplete)
    let last = news(&disk, .replaced(nil), 661)
    let again = news(&disk, .changes([6]), 662)
    #expect(last == [.stateKept(path)] && again.isEmpty)
    let written = try scratch.read("gone/state.new")
    #expect(written == header + [4, 5, 6])
  }

  /// What is confirmed in the first moment, before there can have been a snapshot, is kept.
  @Test func aNewFileKeepsWhatChangesAtOnce() throws {
    let scratch = try Scratch()
    let state = try TrackerStateFile(scratch.at("state"), 1)
    var tracker = Registrar(key: .zero, seed: 1)
    state.restore(&tracker, at: SystemClock.now())
    state.append([1, 2, 3])
    state.finish()
    #expect(try scratch.read("state") == tracker.stateHeader + [1, 2, 3])
    let names = scratch.names
    #expect(names == ["state"])
  }

  /// The end waits for a disk that does not respond, but not for ever.
  @Test func theEndDoesNotWaitForEverForADisk() throws {
    let scratch = try Scratch()
    let state = try TrackerStateFile(scratch.at("gone/state"), 1, patience: 0)
    let (stalled, goesOn) = (Semaphore(), Semaphore())
    let told = Mutex<[TrackerEvent]>([])
    state.listen { event in
      let isFirst = told.withLock { told in
        told.append(event)
        return told.count == 1
      }
      // The writer reports that it cannot make a file, and gets no further.
      guard isFirst else { return }
      stalled.signal()
      goesOn.wait()
    }
    var tracker = Registrar(key: .zero, seed: 1)
    state.restore(&tracker, at: SystemClock.now())
    state.begin([])
    stalled.wait()
    state.append([1, 2, 3])
    state.finish()
    let end = told.withLock { $0.last }
    #expect(end == .stateFailed("\(state.path): the disk does not respond; the last changes may not be saved"))
    goesOn.signal()
  }

  /// A file that lacks what has changed makes peers register again, should the tracker start from it.
  @Test func aFileThatIsGivenUpHasAnotherEpoch() throws {
    let scratch = try Scratch()
    let file = try File.create(scratch.at("state"))
    try file.write(header.span, at: 0)
    var disk = disk(scratch.at("gone/state"), file)
    let told = news(&disk, .giveUp, 0)
    let text = "\(disk.path): the disk is too slow; what changes is not saved until that is over"
    #expect(told.first == .stateFailed(text))
    let bytes = try scratch.read("state")
    let read = StateHeader.read(bytes.span)
    #expect(read?.header.epoch == 9 && read?.count == header.count)
  }
}
