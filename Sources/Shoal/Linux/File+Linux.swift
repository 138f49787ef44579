import CShoal
import Glibc
import ShoalBase
import ShoalContent

// Safety: each call is given a buffer with its own length, or a local structure, that lives until the call returns.

/// An open file. Reads and writes give an offset, so threads may share it. It is closed when the last reference goes.
package final class File: Sendable {
  /// How `create` treats an existing file.
  package enum Existing: Sendable {
    /// Keep its bytes, to resume.
    case keep
    /// Empty it.
    case empty
    /// Fail with `EEXIST` if it has any content.
    case refuseContent
    /// Fail with `EEXIST`.
    case refuse
  }

  /// The path that it was opened by; a rename does not change it.
  package let path: String
  let descriptor: Int32
  /// The files that its bytes are in, if it is not a single file of the system.
  let parts: (any FileParts)?

  private init(
    _ path: String, _ flags: Int32, _ action: SystemError.Action, mode: mode_t = 0o666
  ) throws(SystemError) {
    self.path = path
    parts = nil
    var result: Int32
    repeat { result = unsafe Glibc.open(path, flags | O_CLOEXEC, mode) } while result < 0 && errno == EINTR
    descriptor = result
    guard descriptor >= 0 else { throw SystemError(errno, action, path) }
  }

  /// The file of a descriptor, which it closes; negative, if there is none because of `errno`.
  init(_ name: String, owning descriptor: Int32, in place: String) throws(SystemError) {
    path = name
    parts = nil
    self.descriptor = descriptor
    guard descriptor >= 0 else { throw SystemError(errno, .create, place) }
  }

  /// Several files, one after another, as one.
  init(_ name: String, of parts: any FileParts) { (path, descriptor, self.parts) = (name, -1, parts) }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Makes a file in memory that is gone when it is closed; `name` is only for messages.
  package static func inMemory(_ name: String) throws(SystemError) -> File {
    // The kernel takes 249 bytes of a name that only the process's own list of open files shows.
    unsafe try File(name, owning: shoal_memory_file("shoal"), in: name)
  }

  /// Makes an unnamed file in a directory, which is gone when it is closed; `name` is only for messages.
  package static func unnamed(_ name: String, in directory: String) throws(SystemError) -> File {
    unsafe try File(name, owning: shoal_unnamed_file(directory), in: directory)
  }

  /// Opens a file for reading; a directory is refused. A named pipe does not block, but fails when it is read.
  package static func open(_ path: String) throws(SystemError) -> File {
    let file = try File(path, O_RDONLY | O_NONBLOCK, .open)
    if try file.status().kind == .directory { throw SystemError(EISDIR, .open, path) }
    return file
  }

  /// Opens a regular file that is there; a symbolic link is refused.
  static func regular(_ path: String, writing: Bool = false) throws(SystemError) -> File {
    let file = try File(path, (writing ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOFOLLOW, .open)
    guard try file.status().kind == .regular else { throw SystemError(ESPIPE, .open, path) }
    return file
  }

  /// Makes a file that only this user may read or write; fails if something has its name.
  static func `private`(_ path: String) throws(SystemError) -> File {
    try File(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, .create, mode: 0o600)
  }

  /// Opens a file for reading and writing, and makes it if there is none. A symbolic link that is not to be followed is
  /// refused with `ELOOP`.
  package static func create(
    _ path: String, existing: Existing = .keep, followsLinks: Bool = true
  ) throws(SystemError) -> File {
    let flags: Int32 =
      switch existing {
      case .keep, .refuseContent: 0
      case .empty: O_TRUNC
      case .refuse: O_EXCL
      }
    let links = followsLinks ? 0 : O_NOFOLLOW
    let file = try File(path, O_RDWR | O_CREAT | O_NONBLOCK | flags | links, .create)
    // Every write gives an offset, which a pipe does not have.
    guard lseek(file.descriptor, 0, SEEK_CUR) >= 0 else { throw SystemError(errno, .create, path) }
    if existing == .refuseContent, try file.size() > 0 { throw SystemError(EEXIST, .create, path) }
    return file
  }

  /// Reads from `offset` until `buffer` is full or the file ends; the number of bytes read.
  package func read(into buffer: inout MutableSpan<UInt8>, at offset: Int) throws(SystemError) -> Int {
    if let parts { return try parts.read(into: &buffer, at: offset) }
    var done = 0
    while done < buffer.count {
      var rest = buffer._mutatingExtracting(done...)
      let count = unsafe rest.withUnsafeMutableBytes {
        unsafe pread(descriptor, $0.baseAddress, $0.count, offset + done)
      }
      if count == 0 { break }
      if count > 0 { done += count } else if errno != EINTR { throw failure(.read) }
    }
    return done
  }

  /// Reads from `offset` until a range of `memory` is full or the file ends; the number of bytes read.
  package func read(into memory: Memory, _ range: Range<Int>, at offset: Int) throws(SystemError) -> Int {
    try memory.write(range) { (bytes) throws(SystemError) in try read(into: &bytes, at: offset) }
  }

  /// Whether bytes can be read without waiting for a disk, judged by one page in every 128 KiB, as the system reads
  /// ahead at least that much. False where the system cannot say.
  package func isAtHand(_ offset: Int, _ length: Int) -> Bool {
    if let parts { return parts.isAtHand(offset, length) }
    var byte: UInt8 = 0
    for place in stride(from: offset, to: offset + length, by: 128 << 10) {
      let count = unsafe withUnsafeMutableBytes(of: &byte) { byte in
        var vector = unsafe iovec(iov_base: byte.baseAddress, iov_len: 1)
        return unsafe preadv2(descriptor, &vector, 1, place, RWF_NOWAIT)
      }
      guard count == 1 else { return false }
    }
    return true
  }

  /// Reads bytes, so that the system caches them; fails if they are not all there.
  package func fetch(_ offset: Int, _ length: Int) throws(SystemError) {
    let memory = Memory(min(length, 256 << 10))
    var position = offset
    while position < offset + length {
      let part = min(memory.count, offset + length - position)
      guard try read(into: memory, 0..<part, at: position) == part else { throw SystemError(EIO, .read, path) }
      position += part
    }
  }

  /// Whether there is a byte at `offset`, and it can be read.
  package func readsByte(at offset: Int) throws(SystemError) -> Bool {
    var byte: InlineArray<1, UInt8> = [0]
    var span = byte.mutableSpan
    return try read(into: &span, at: offset) == 1
  }

  /// Writes all of `bytes` at `offset`.
  package func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
    if let parts { return try parts.write(bytes, at: offset) }
    var done = 0
    while done < bytes.count {
      let rest = bytes.extracting(done...)
      let count = unsafe rest.withUnsafeBufferPointer {
        unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset + done)
      }
      if count > 0 { done += count } else if count == 0 || errno != EINTR { throw failure(.write) }
    }
  }

  /// Writes a range of `memory` at `offset`.
  package func write(_ memory: Memory, _ range: Range<Int>, at offset: Int) throws(SystemError) {
    try memory.read(range) { (bytes) throws(SystemError) in try write(bytes, at: offset) }
  }

  /// Its kind, size and identity now.
  package func status() throws(SystemError) -> FileStatus {
    if let parts { return try parts.status() }
    var info = stat()
    guard unsafe fstat(descriptor, &info) == 0 else { throw failure(.examine) }
    return FileStatus(info)
  }

  /// Its size in bytes.
  package func size() throws(SystemError) -> Int { try status().size }

  /// Whether any of its bytes is not zero. Holes are not read, where the file system knows them.
  package func hasContent() throws(SystemError) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    var offset = 0
    while true {
      let data = lseek(descriptor, offset, SEEK_DATA)
      // Nothing but a hole follows.
      if data < 0, errno == ENXIO { return false }
      if data >= 0 { offset = data }
      var room = buffer.mutableSpan
      let count = try read(into: &room, at: offset)
      guard count > 0 else { return false }
      if buffer[..<count].contains(where: { $0 != 0 }) { return true }
      offset += count
    }
  }

  /// Makes the file at least `size` bytes long and claims the disk space, if the file system can, so that "disk full"
  /// is found out now rather than hours later.
  package func allocate(_ size: Int) throws(SystemError) {
    guard size > 0 else { return }
    if let free = freeMemory() {
      guard size - Int(try status().size) <= free else { throw SystemError(ENOSPC, .allocate, path) }
      return try self.size() < size ? resize(size) : ()
    }
    var result: Int32
    repeat { result = fallocate(descriptor, 0, 0, size) } while result != 0 && errno == EINTR
    guard result != 0 else { return }
    guard errno == EOPNOTSUPP || errno == ENOSYS else { throw failure(.allocate) }
    if try self.size() < size { try resize(size) }
  }

  /// The free bytes if the file is in a memory file system; nil if it is not. In memory, claiming the space would write
  /// every page twice, and hold up the writer for as long.
  private func freeMemory() -> Int? {
    var information = statfs()
    guard unsafe fstatfs(descriptor, &information) == 0, information.f_type == TMPFS_MAGIC else { return nil }
    return Int(information.f_bavail) * Int(information.f_bsize)
  }

  /// Whether it lies in a file system that is in memory alone.
  package var isInMemory: Bool {
    var information = statfs()
    return unsafe fstatfs(descriptor, &information) == 0 && information.f_type == TMPFS_MAGIC
  }

  /// Makes the file exactly `size` bytes long.
  package func resize(_ size: Int) throws(SystemError) {
    var result: Int32
    repeat { result = ftruncate(descriptor, size) } while result != 0 && errno == EINTR
    guard result == 0 else { throw failure(.allocate) }
  }

  /// Returns once the file is on the disk.
  package func sync() throws(SystemError) {
    var result: Int32
    repeat { result = fsync(descriptor) } while result != 0 && errno == EINTR
    guard result == 0 else { throw failure(.sync) }
  }

  /// Claims the file against other processes that do the same, until it is closed; fails if another process has it.
  /// On a file system without locks, this always succeeds.
  package func lock() throws(SystemError) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
    guard errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOLCK else { throw failure(.lock) }
  }

  /// The name of the attribute by which a part says which file it belongs to.
  private static let markName = "user.shoal.part"

  /// The id that the file is marked with; nil if there is none, or the file system has no attributes.
  func mark() -> Digest? {
    var bytes = [UInt8](repeating: 0, count: Digest.byteCount)
    let count = unsafe fgetxattr(descriptor, File.markName, &bytes, bytes.count)
    return count == Digest.byteCount ? Digest(bytes.span) : nil
  }

  /// Marks the file, or removes its mark, where the file system has attributes.
  func setMark(_ id: Digest?) {
    if let id {
      let bytes = [UInt8](id.bytes.span)
      _ = unsafe fsetxattr(descriptor, File.markName, bytes, bytes.count, 0)
    } else {
      _ = unsafe fremovexattr(descriptor, File.markName)
    }
  }

  private func failure(_ action: SystemError.Action) -> SystemError { SystemError(errno, action, path) }
}
