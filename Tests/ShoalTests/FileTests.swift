import Glibc
import Shoal
import TestSupport
import Testing

@Suite struct FileTests {
  static func write(_ text: String, to file: File, at offset: Int = 0) throws {
    let bytes = Array(text.utf8)
    try file.write(bytes.span, at: offset)
  }

  static func read(_ file: File, _ count: Int, at offset: Int = 0) throws -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    var room = bytes.mutableSpan
    let filled = try file.read(into: &room, at: offset)
    return String(decoding: bytes[..<filled], as: UTF8.self)
  }

  /// What was read is at hand, where the system can tell; what is not there cannot be.
  @Test func bytesAreFetched() throws {
    let scratch = try Scratch()
    let file = try File.create(scratch.at("a"))
    let bytes = [UInt8](repeating: 7, count: 600_000)
    try file.write(bytes.span, at: 0)
    try file.fetch(1, 599_999)
    try file.fetch(600_000, 0)
    #expect(throws: SystemError.self) { try file.fetch(1, 600_000) }
    #expect(!file.isAtHand(0, 900_000))
    #expect(file.isAtHand(0, 0))
  }

  @Test func whatIsWrittenIsRead() throws {
    let scratch = try Scratch()
    let file = try File.create(scratch.at("a"))
    try Self.write("shoal", to: file, at: 3)
    try file.sync()
    #expect(try file.size() == 8)
    let reader = try File.open(scratch.at("a"))
    #expect(try Self.read(reader, 8) == "\0\0\0shoal")
    #expect(try Self.read(reader, 100, at: 5) == "oal")
    #expect(try Self.read(reader, 100, at: 8) == "")
    #expect(throws: SystemError.self) { try Self.write("x", to: reader) }
  }

  @Test func creatingKeepsEmptiesOrRefuses() throws {
    let scratch = try Scratch()
    try Self.write("old", to: File.create(scratch.at("a"), existing: .refuse))
    #expect(try File.create(scratch.at("a"), existing: .keep).size() == 3)
    let error = #expect(throws: SystemError.self) { try File.create(scratch.at("a"), existing: .refuse) }
    #expect(error?.description == "\(scratch.at("a")): exists already")
    #expect(try File.create(scratch.at("a"), existing: .empty).size() == 0)
  }

  @Test func allocationNeverShortens() throws {
    let scratch = try Scratch()
    let file = try File.create(scratch.at("a"))
    try file.allocate(0)
    try file.allocate(100_000)
    #expect(try file.size() == 100_000)
    try file.allocate(10)
    #expect(try file.size() == 100_000)
    try file.resize(10)
    #expect(try file.size() == 10)
  }

  @Test func aFullDiskSaysSo() throws {
    let full = try File.create("/dev/full")
    let error = #expect(throws: SystemError.self) { try Self.write("x", to: full) }
    #expect(error?.description == "/dev/full: disk full")
    #expect(try full.status().kind == .other)
  }

  @Test(arguments: ["/nowhere/a", "/dev/null/a", "/tmp"])
  func openingNamesTheCause(_ path: String) {
    let causes = ["/nowhere/a": ENOENT, "/dev/null/a": ENOTDIR, "/tmp": EISDIR]
    #expect(throws: SystemError(causes[path]!, .open, path)) { try File.open(path) }
  }

  @Test func causesAreInWords() {
    #expect(SystemError(ENOENT, .open, "a").description == "a: no such file or directory")
    #expect(SystemError(EACCES, .open, "a").description == "a: permission denied")
    #expect(SystemError(EISDIR, .open, "a").description == "a: is a directory")
    #expect(SystemError(EWOULDBLOCK, .lock, "a").description == "a: in use by another process")
    #expect(SystemError(EPROTO, .open, "a").description == "a: cannot open: Protocol error")
    #expect(SystemError(EADDRNOTAVAIL, .bind, "10.0.0.9").description == "10.0.0.9: not an address of this machine")
    #expect(SystemError(EADDRINUSE, .bind, "UDP port 7400").description == "UDP port 7400 is in use")
  }

  @Test func renamingReplacesOrRefuses() throws {
    let scratch = try Scratch()
    try Self.write("new", to: File.create(scratch.at("a")))
    try Self.write("old", to: File.create(scratch.at("b")))
    let refusal = SystemError(EEXIST, .rename, scratch.at("b"))
    #expect(throws: refusal) { try FileSystem.rename(scratch.at("a"), to: scratch.at("b"), replacing: false) }
    #expect(try Self.read(File.open(scratch.at("b")), 9) == "old")
    try FileSystem.rename(scratch.at("a"), to: scratch.at("b"), replacing: true)
    #expect(try Self.read(File.open(scratch.at("b")), 9) == "new")
    try FileSystem.rename(scratch.at("b"), to: scratch.at("c"), replacing: false)
    #expect(try FileSystem.status(scratch.at("b")) == nil)
    #expect(try FileSystem.status(scratch.at("c"))?.size == 3)
    try FileSystem.syncDirectory(scratch.path)
    #expect(throws: SystemError(ENOENT, .rename, scratch.at("x"))) {
      try FileSystem.rename(scratch.at("x"), to: scratch.at("y"), replacing: false)
    }
  }

  @Test func renamingByLinkRefusesToo() throws {
    let scratch = try Scratch()
    try Self.write("new", to: File.create(scratch.at("a")))
    try Self.write("old", to: File.create(scratch.at("b")))
    let refusal = SystemError(EEXIST, .rename, scratch.at("b"))
    #expect(throws: refusal) { try FileSystem.renameByLink(scratch.at("a"), to: scratch.at("b")) }
    try FileSystem.renameByLink(scratch.at("a"), to: scratch.at("c"))
    #expect(try FileSystem.status(scratch.at("a")) == nil)
    #expect(try Self.read(File.open(scratch.at("c")), 9) == "new")
  }

  @Test func statusTellsFilesApart() throws {
    let scratch = try Scratch()
    let file = try File.create(scratch.at("a"))
    let status = try file.status()
    #expect(try FileSystem.status(scratch.at("a")) == status)
    #expect(status.kind == .regular && status.modified > 0)
    #expect(try FileSystem.status(scratch.path)?.kind == .directory)
    #expect(try FileSystem.status("/dev/null")?.kind == .other)
    #expect(try FileSystem.status(scratch.at("none")) == nil)
    #expect(try FileSystem.status(scratch.at("a/under")) == nil)
    #expect(
      FileSystem.areSame(scratch.at("a"), scratch.at("./a")) && !FileSystem.areSame(scratch.at("a"), scratch.at("b")))
    #expect(
      FileSystem.areSame(scratch.at("new"), scratch.at("./new")) && !FileSystem.areSame(scratch.at("new"), "/tmp/new"))
    #expect(!FileSystem.areSame("/dev/null", "/dev/null"), "what is no file may be written twice")
    let other = try File.create(scratch.at("b")).status()
    #expect(other.inode != status.inode && other.device == status.device)
    try FileSystem.remove(scratch.at("b"))
    #expect(throws: SystemError(ENOENT, .remove, scratch.at("b"))) { try FileSystem.remove(scratch.at("b")) }
  }

  @Test func aLockHasOneHolder() throws {
    let scratch = try Scratch()
    var holder: File? = try File.create(scratch.at("a"))
    try holder?.lock()
    let other = try File.create(scratch.at("a"))
    #expect(throws: SystemError(EWOULDBLOCK, .lock, scratch.at("a"))) { try other.lock() }
    holder = nil
    try other.lock()
  }
}
