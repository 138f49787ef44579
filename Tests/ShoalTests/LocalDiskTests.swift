import Glibc
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalTransport
import ShoalWire
import Synchronization
import TestSupport
import Testing

@testable import Shoal

/// The files of a loop, without one.
@Suite(.inRealTime) struct LocalDiskTests {
  /// A disk and what workers have posted to it.
  private final class Desk {
    let disk: LocalDisk
    private let posted: Posted
    private(set) var events: [DiskEvent] = []

    private final class Posted: Sendable {
      let bodies = Mutex<[@Sendable (LocalDisk) -> Void]>([])
    }

    init() {
      let posted = Posted()
      self.posted = posted
      disk = LocalDisk(bufferLimit: 1 << 20) { body in posted.bodies.withLock { $0.append(body) } }
    }

    /// Does what is posted until something holds; false if that takes too long.
    func run(until isDone: (Desk) -> Bool) -> Bool {
      for _ in 0..<5_000 {
        let bodies = posted.bodies.withLock { bodies in
          defer { bodies = [] }
          return bodies
        }
        for body in bodies { body(disk) }
        while let event = disk.nextEvent() { events.append(event) }
        if isDone(self) { return true }
        usleep(2_000)
      }
      return false
    }

    var reads: [Bool] { events.compactMap { if case .read(_, let isReadable) = $0 { isReadable } else { nil } } }

    /// Hashes a file and serves it.
    func share(_ path: String, as key: FileKey) throws -> Manifest {
      var result: Result<(manifest: Manifest, share: Int), ShoalError>?
      disk.share(path, nil, .automatic, until: Flag(), progress: { _, _ in }) { result = $0 }
      #expect(run { _ in result != nil })
      let (manifest, share) = try #require(result).get()
      disk.serve(share, manifest.cut, as: key)
      return manifest
    }
  }

  private static let content = [UInt8](repeating: 5, count: 300_000)

  private func file(_ scratch: Scratch, _ name: String = "a") throws -> String {
    let file = try File.create(scratch.at(name))
    let content = Self.content
    try file.write(content.span, at: 0)
    return scratch.at(name)
  }

  private func key(_ number: UInt32) -> FileKey { FileKey(source: number) }

  private func gather(_ desk: Desk, _ key: FileKey, at offset: UInt64 = 0) -> Bool {
    var crc: UInt32 = 0
    var room = [UInt8](repeating: 0, count: 1_000)
    let payload = Payload(source: key.source, space: .content, file: 0, offset: offset, length: 1_000)
    var span = room.mutableSpan
    let isRead = desk.disk.gather(payload, ahead: 0, into: &span, &crc)
    return isRead && room.allSatisfy { $0 == 5 }
  }

  @Test func aSharedFileIsHashedAndSent() throws {
    let scratch = try Scratch()
    let desk = Desk()
    let manifest = try desk.share(file(scratch), as: key(0))
    let content = Self.content
    let id = Blake3.hash(content.span)
    #expect(manifest.id == id)
    #expect(gather(desk, key(0)))
    desk.disk.remove(key(0))
    #expect(!gather(desk, key(0)))
  }

  @Test func aTouchedFileIsHashedAgainAndSent() throws {
    let scratch = try Scratch()
    let desk = Desk()
    let path = try file(scratch)
    _ = try desk.share(path, as: key(0))
    TestFile.touch(path)
    #expect(!gather(desk, key(0)))
    let isServedAgain = desk.run { [self] in gather($0, key(0)) }
    #expect(isServedAgain)
    #expect(desk.events.isEmpty)
  }

  @Test func aChangedFileIsWithdrawn() throws {
    let scratch = try Scratch()
    let desk = Desk()
    let path = try file(scratch)
    _ = try desk.share(path, as: key(0))
    let more = [UInt8](repeating: 6, count: 10)
    try File.create(path).write(more.span, at: 100_000)
    #expect(!gather(desk, key(0)))
    #expect(desk.run { !$0.events.isEmpty })
    guard case .unreadable(key(0), path, let fault)? = desk.events.first else {
      Issue.record("\(desk.events)")
      return
    }
    #expect(fault.code == .changed)
  }

  @Test func whoeverWaitsForAHashIsToldOfTheEnd() throws {
    let scratch = try Scratch()
    let desk = Desk()
    var results = 0
    for i in 0..<5 {
      desk.disk.share(try file(scratch, "\(i)"), nil, .automatic, until: Flag(), progress: { _, _ in }) {
        if case .failure(let error) = $0, error.code == .stopped { results += 1 }
      }
    }
    desk.disk.stop(ShoalError(.stopped, "over"))
    #expect(results == 5)
    // The workers' results no longer matter.
    var turns = 0
    _ = desk.run { _ in
      turns += 1
      return turns > 50
    }
    #expect(results == 5 && desk.events.isEmpty)
  }

  /// A thousand reads that are no longer wanted cost nothing.
  @Test func whatIsNotWantedIsNotRead() throws {
    let scratch = try Scratch()
    let desk = Desk()
    _ = try desk.share(file(scratch), as: key(0))
    var swarm = ReadKeys()
    for _ in 0..<20_000 {
      desk.disk.read(swarm.next(), key(0), offset: 0, length: 900_000) { false }
    }
    desk.disk.read(swarm.next(), key(0), offset: 0, length: 1_000) { true }
    desk.disk.read(swarm.next(), key(1), offset: 0, length: 1_000) { true }
    let isDone = desk.run { $0.reads.count == 2 }
    #expect(isDone && Set(desk.reads) == [true, false])
  }

  /// The result of a worker that finishes after the loop has ended is ignored.
  @Test func workersOutliveTheirLoop() async throws {
    let scratch = try Scratch()
    let path = scratch.at("large")
    try File.create(path).resize(30_000_000)
    for _ in 0..<20 {
      let options = NodeOptions(listen: "127.0.0.1:0")
      var node: Node<PeerLoop>? = try Node(options) { PeerLoop($0, options, $1) }
      node?.post { loop in
        loop.share(path, nil, .automatic, name: "large", until: Flag(), onProgress: { _, _ in }) { _ in }
        loop.close {}
      }
      node = nil
      try await Task.sleep(for: .milliseconds(10))
    }
    // The workers come to an end.
    try await Task.sleep(for: .milliseconds(500))
  }

  /// Keys as a swarm makes them.
  private struct ReadKeys {
    private var made: UInt64 = 0
    mutating func next() -> ReadKey {
      made += 1
      return ReadKey(link: Int(made % 7), number: made)
    }
  }
}

@Suite(.inRealTime) struct JobLaneTests {
  @Test func ownersTakeTurns() {
    var lane = JobLane<String>(most: 1)
    var done: [String] = []
    var next = lane.add(
      {
        done.append("first"); return true
      }, of: "a")
    for i in 0..<3 {
      for owner in ["a", "b"] where owner == "a" || i == 0 {
        let begins =
          lane.add(
            {
              done.append("\(owner)\(i)"); return true
            }, of: owner) != nil
        #expect(!begins)
      }
    }
    while let job = next {
      _ = job()
      next = lane.next()
    }
    #expect(done == ["first", "a0", "b0", "a1", "a2"])
    // It is free again.
    let begins = lane.add({ true }, of: "c") != nil
    #expect(begins)
  }

  @Test func noMoreThanItMayAreBegun() {
    var lane = JobLane<Int>(most: 3)
    var begun = 0
    for owner in 0..<10 where lane.add({ true }, of: owner) != nil { begun += 1 }
    var followed = 0
    while lane.next() != nil { followed += 1 }
    #expect(begun == 3 && followed == 7)
  }
}
