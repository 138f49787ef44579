import Foundation
import ShoalBase
import ShoalContent
import ShoalStore
import TestSupport
import Testing

@testable import Shoal

/// The hashes of large files are remembered, and forgotten as soon as somebody touches the file.
@Suite struct HashMemoryTests {
  private static let size = 17 << 20
  private static let cut = Cut(size: UInt64(size))

  private func file(_ scratch: Scratch) throws -> File {
    let file = try File.create(scratch.at("large"))
    try file.resize(Self.size)
    let bytes = [UInt8](repeating: 3, count: 100_000)
    try file.write(bytes.span, at: 5_000_000)
    return file
  }

  private func hash(_ file: File, _ memory: HashMemory?, _ cut: Cut = cut) -> (id: Digest?, wasRead: Bool) {
    let progress = Counter()
    let outcome = StoreWork.perform(.hash(cut), on: file, until: nil, memory) { _ in progress.count() }
    guard case .success(.hashed(let manifest)) = outcome.result else { return (nil, false) }
    return (manifest?.id, progress.isCounted)
  }

  private final class Counter: @unchecked Sendable {
    private let flag = Flag()
    var isCounted: Bool { flag.isSet }
    func count() { flag.set() }
  }

  @Test func aFileThatNobodyHasTouchedIsNotReadAgain() throws {
    let scratch = try Scratch()
    let memory = HashMemory(folder: scratch.at("cache/shoal"))
    let file = try file(scratch)
    let first = hash(file, memory)
    #expect(first.id != nil && first.wasRead)
    let second = hash(file, memory)
    #expect(second.id == first.id && !second.wasRead)
    // Cut otherwise, it has another manifest.
    let other = hash(file, memory, Cut(size: UInt64(Self.size), chunking: .size(1 << 20)))
    #expect(other.id == first.id && other.wasRead)
    #expect(hash(file, nil).wasRead)
    // The time is put back, but it shows.
    let date = try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate]
    func putBack() throws {
      try FileManager.default.setAttributes([.modificationDate: date ?? Date()], ofItemAtPath: file.path)
    }
    try putBack()
    let touched = hash(file, memory)
    #expect(touched.id == first.id && touched.wasRead)
    try file.write([1].span, at: 9)
    try putBack()
    let changed = hash(file, memory)
    #expect(changed.id != first.id && changed.wasRead)
    #expect(hash(file, nil).id == changed.id)
  }

  /// What writes through a mapping changes the file's times only when it makes a page dirty: one that is dirty already
  /// is written before the file is hashed, so that the next change shows.
  @Test(.enabled(if: RunningProgram.exists("python3"), "python3 is not installed"))
  func whatIsWrittenThroughAMappingShows() throws {
    let scratch = try Scratch()
    let memory = HashMemory(folder: scratch.at("cache"))
    let file = try file(scratch)
    let lines = [
      "import mmap, signal, sys", "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])",
      "file = open(sys.argv[1], 'r+b')", "m = mmap.mmap(file.fileno(), 0)", "m[5000] = 9",
      "print('written', flush=True)",
      "signal.sigwait([signal.SIGUSR1])", "m[5001] = 9", "print('written', flush=True)",
      "signal.sigwait([signal.SIGUSR1])",
    ]
    let writer = try RunningProgram("python3", ["-c", lines.joined(separator: "\n"), file.path])
    #expect(try writer.nextLine() == "written")
    let first = hash(file, memory)
    // In a memory file system no such change ever shows: nothing is remembered.
    #expect(hash(file, memory).wasRead == file.isInMemory)
    writer.send(SIGUSR1)
    #expect(try writer.nextLine() == "written")
    let second = hash(file, memory)
    #expect(second.wasRead && second.id != first.id)
  }

  @Test func whatIsDamagedOrSomebodyElsesIsNotBelieved() throws {
    let scratch = try Scratch()
    let memory = HashMemory(folder: scratch.at("cache"))
    let file = try file(scratch)
    let id = hash(file, memory).id
    let entry = try #require(FileSystem.files(in: memory.folder).first)
    #expect(!hash(file, memory).wasRead)
    try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: entry)
    #expect(hash(file, memory).wasRead)
    for place in [0, 9, 20, 60, 200, 3_000] {
      let bytes = try File.create(entry)
      var byte: [UInt8] = [0]
      var room = byte.mutableSpan
      _ = try bytes.read(into: &room, at: place)
      byte[0] ^= 4
      try bytes.write(byte.span, at: place)
      let again = hash(file, memory)
      #expect(again.id == id && again.wasRead, "\(place)")
    }
  }

  @Test func itIsBounded() throws {
    let scratch = try Scratch()
    let memory = HashMemory(folder: try scratch.folder("cache"))
    for i in 0..<HashMemory.mostFiles + 30 { try scratch.write("cache/\(i)", [1]) }
    let file = try file(scratch)
    _ = hash(file, memory)
    #expect(FileSystem.files(in: memory.folder).count == HashMemory.mostFiles)
    #expect(!hash(file, memory).wasRead)
  }

  /// A folder that cannot be made is no fault.
  @Test func itMayBeImpossible() throws {
    let scratch = try Scratch()
    try scratch.write("cache", [1])
    let file = try file(scratch)
    #expect(hash(file, HashMemory(folder: scratch.at("cache/shoal"))).id != nil)
  }
}

/// Journals as files, and files with holes.
@Suite struct JournalFileTests {
  @Test func onlyOwnRegularFilesAreRead() throws {
    let scratch = try Scratch()
    let path = scratch.at("j")
    let bytes = [UInt8](repeating: 7, count: 200_000)
    let cut = Cut(size: 200_000)
    let manifest = Manifest(
      cut: cut, values: (0..<cut.pieces).map { _ in Blake3.hash(bytes.span) },
      lastPiece: bytes.span.extracting(..<3_392))
    guard case .none = JournalFile.read(path) else {
      Issue.record("there is none")
      return
    }
    let (beginning, end) = Journal.beginning(manifest)
    try JournalFile.begin(path, beginning)
    try JournalFile.begin(path, beginning)
    // What a crash tore behind it goes.
    let file = try File.create(path)
    try file.write([1, 2, 3].span, at: beginning.count)
    try JournalFile.append(path, [], at: Int(end.offset))
    #expect(try file.size() == beginning.count)
    try file.resize(5)
    guard case .damaged = JournalFile.read(path) else {
      Issue.record("it is damaged")
      return
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o620], ofItemAtPath: path)
    guard case .foreign = JournalFile.read(path) else {
      Issue.record("others may write to it")
      return
    }
    try FileManager.default.createSymbolicLink(atPath: scratch.at("link"), withDestinationPath: path)
    guard case .none = JournalFile.read(scratch.at("link")) else {
      Issue.record("no link is followed")
      return
    }
    #expect(throws: SystemError.self) { try JournalFile.append(scratch.at("absent"), [], at: 0) }
  }

  @Test func whatIsClearedTakesNoRoom() throws {
    let scratch = try Scratch()
    let file = try File.create(scratch.at("a"))
    let bytes = [UInt8](repeating: 7, count: 4 << 20)
    try file.write(bytes.span, at: 0)
    try file.sync()
    let before = try file.status().allocated
    try file.clear(1 << 20..<3 << 20)
    #expect(try file.size() == 4 << 20)
    var content = [UInt8](repeating: 1, count: 4 << 20)
    var room = content.mutableSpan
    _ = try file.read(into: &room, at: 0)
    let isRight = content.enumerated().allSatisfy { i, byte in byte == ((1 << 20..<3 << 20).contains(i) ? 0 : 7) }
    #expect(isRight)
    // Not every file system has holes.
    if try file.status().allocated < before { #expect(file.isHole(1 << 20..<3 << 20) && !file.isHole(0..<4 << 20)) }
  }
}
