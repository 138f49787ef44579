import ShoalBase
import ShoalContent
import ShoalSimulator
import ShoalStore
import Testing

/// A share as its store handles it, on a disk in memory.
@Suite struct SharedFileTests {
  private var store = Store()
  private var disk = SimulatedDisk()
  private var handle: Int?

  /// Does all jobs; returns the resulting events.
  private mutating func work() -> [String] {
    while let (id, job) = store.nextJob() {
      guard store.expects(id) else { continue }
      store.complete(id, disk.perform(job, &handle, piece: []))
    }
    var told: [String] = []
    while let event = store.nextEvent() {
      switch event {
      case .hashed(let share, let manifest):
        told.append("\(share) is \(manifest.id.hex.prefix(8)), \(manifest.cut.size)")
      case .unchanged(let share): told.append("\(share) is unchanged")
      case .unshared(let share, let failure): told.append("\(share): \(failure)")
      case .read(_, let error): told.append(error == nil ? "read" : "not read")
      case .prepared, .settled, .finished, .failed, .recalled, .journalSetAside, .lost, .found, .reserved:
        told.append("of a download")
      }
    }
    return told
  }

  private static func content(_ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7 >> 2) } }

  @Test(arguments: [0, 1, 65_536, 200_000]) mutating func isHashed(size: Int) {
    let content = Self.content(size)
    let id = Blake3.hash(content.span)
    disk.put(content, at: "a")
    store.share(1, path: "a", .automatic)
    #expect(work() == ["1 is \(id.hex.prefix(8)), \(size)"])
  }

  @Test mutating func whatCannotBeReadIsNotShared() {
    store.share(1, path: "nothing", .automatic)
    #expect(work().first?.contains("reading") == true)
    disk.put(Self.content(100_000), at: "a")
    for (number, isFaulty) in [isOpening, isHashing].enumerated() {
      disk.fault = { isFaulty($0) ? DiskError(.other, code: 5, action: "read", subject: "a") : nil }
      store.share(number + 2, path: "a", .automatic)
      let told = work()
      #expect(told.count == 1 && told[0].contains("reading"))
    }
  }
  private let isOpening: @Sendable (StoreJob) -> Bool = { if case .openSource = $0 { true } else { false } }
  private let isHashing: @Sendable (StoreJob) -> Bool = { if case .hash = $0 { true } else { false } }

  @Test mutating func aTouchIsLookedInto() {
    disk.put(Self.content(100_000), at: "a")
    store.share(1, path: "a", .automatic)
    _ = work()
    store.touched(share: 1)
    // A second touch while the first is looked into counts as the same one.
    store.touched(share: 1)
    #expect(work() == ["1 is unchanged"])
    // A handle stays with the file, whatever takes over its name.
    disk.put(Self.content(100_001), at: "a")
    store.touched(share: 1)
    #expect(work() == ["1 is unchanged"])
    handle = handle.map { $0 + 1 }
    store.touched(share: 1)
    let told = work()
    #expect(told.count == 1 && told[0].contains("changed"))
    // It is forgotten, and so is whatever is said about it.
    store.touched(share: 1)
    #expect(work() == [])
  }

  @Test mutating func whatIsForgottenIsNotHashed() {
    disk.put(Self.content(100_000), at: "a")
    store.share(1, path: "a", .automatic)
    store.forget(share: 1)
    #expect(work() == [] && disk.jobsDone == 0)
  }

  @Test mutating func readsEndEvenIfTheFileIsForgotten() {
    disk.put(Self.content(100_000), at: "a")
    store.share(1, path: "a", .automatic)
    _ = work()
    let read = store.read(.share(1), offset: 0, length: 100_000)
    let beyond = store.read(.share(1), offset: 1, length: 100_000)
    store.forget(share: 1)
    #expect(store.expects(read) && store.expects(beyond))
    #expect(work() == ["read", "not read"])
  }
}
