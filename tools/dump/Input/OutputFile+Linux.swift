import Glibc
import ShoalTerminal

// Safety: the system reads C strings and fills local variables, whose sizes it is given or knows.

/// Identifies the file behind a descriptor or a path: a file with several names is still the same one.
struct FileIdentity: Equatable {
  private var device: dev_t
  private var inode: ino_t

  /// The file that is open; nil if there is none.
  init?(descriptor: Int32) {
    var info = stat()
    guard unsafe fstat(descriptor, &info) == 0 else { return nil }
    (device, inode) = (info.st_dev, info.st_ino)
  }

  /// The file at a path; nil if there is none.
  init?(path: String) {
    var info = stat()
    guard unsafe stat(path, &info) == 0 else { return nil }
    (device, inode) = (info.st_dev, info.st_ino)
  }
}

/// A file that a command writes.
enum OutputFile {
  /// What happens to an existing file.
  enum Existing {
    /// It is replaced.
    case replace
    /// It stays, and that is an error, if it has any content.
    case refuse
    /// It is replaced if its beginning shows that shoal-dump made it; otherwise it stays.
    case replaceOwn
  }

  /// How a drawing begins, and how a report begins.
  static let svgStart = #"<svg class="shoal-dump""#
  private static let htmlStart = "<!DOCTYPE html>\n" + #"<html class="shoal-dump""#

  /// Whether shoal-dump made the file, as a report or a drawing.
  private static func isOwn(_ path: String) -> Bool {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var start = [UInt8](repeating: 0, count: htmlStart.utf8.count)
    let count = unsafe pread(descriptor, &start, start.count, 0)
    return [svgStart, htmlStart].contains { start.prefix(max(0, count)).starts(with: $0.utf8) }
  }

  /// Creates or empties the file, unless it is one of those that the command reads.
  static func open(
    _ path: String, existing: Existing, inputs: [FileIdentity]
  ) throws(InputFailure) -> Int32 {
    let name = escaped(path, asciiOnly: true)
    // It is emptied only once it is known what it is.
    let descriptor = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw InputFailure(reason: "\(name): \(systemError())") }
    var info = stat()
    var problem: String?
    if unsafe fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG {
      if let identity = FileIdentity(descriptor: descriptor), inputs.contains(identity) {
        problem = " is being read; write to another file"
      } else if info.st_size > 0, existing == .refuse || existing == .replaceOwn && !isOwn(path) {
        problem = " exists; write to another file, or replace it with --force"
      } else if ftruncate(descriptor, 0) != 0 {
        problem = ": \(systemError())"
      }
    }
    guard let problem else { return descriptor }
    close(descriptor)
    throw InputFailure(reason: name + problem)
  }

  /// Writes a whole file.
  static func write(
    _ bytes: [UInt8], to path: String, existing: Existing, inputs: [FileIdentity]
  ) throws(InputFailure) {
    let descriptor = try open(path, existing: existing, inputs: inputs)
    var rest = bytes[...]
    var isWritten = true
    while isWritten, !rest.isEmpty {
      let count = Descriptor.write(rest.span, to: descriptor)
      if count > 0 { rest = rest.dropFirst(count) } else if count == 0 || errno != EINTR { isWritten = false }
    }
    let code = errno
    guard close(descriptor) == 0, isWritten else {
      if !isWritten { errno = code }
      throw InputFailure(reason: "\(escaped(path, asciiOnly: true)): \(systemError())")
    }
  }
}
