import Glibc
import ShoalContent

/// Lists what is to be shared as a folder, without reading any file.
struct FolderScan {
  /// The state in which a file was found.
  struct Stamp {
    var device: UInt64
    var inode: UInt64
    var size: Int
    var modified: Int64
    var changed: Int64

    init(_ status: FileStatus) {
      (device, inode, size) = (status.device, status.inode, status.size)
      (modified, changed) = (status.modified, status.changed)
    }

    /// Whether this is the same file, not written to since.
    func fits(_ status: FileStatus) -> Bool {
      device == status.device && inode == status.inode && size == status.size && modified == status.modified
        && changed == status.changed
    }
  }

  /// The listing so far.
  private(set) var writer = ListingWriter()
  /// The files in the listing's order.
  private(set) var stamps: [Stamp] = []
  /// The paths of the entries at the top, by name; empty if the top is itself a folder.
  private(set) var places: [String: String] = [:]
  /// What is left out, with the reason: neither file nor folder, or a link that leads out.
  private(set) var omitted: [Omission] = []
  private(set) var omittedCount = 0

  /// An entry that is not shared.
  struct Omission: Sendable {
    var path: String
    var reason: String
  }

  /// The most omissions that are reported.
  private static let most = 100

  /// Scans one folder, whose entries are at the top.
  init(folder: String) throws(ShoalError) {
    do throws(SystemError) {
      try scan(Directory.open(folder, followsLinks: true), depth: 0)
    } catch { throw FolderScan.error(error) }
  }

  /// Scans files and folders, which are themselves the entries at the top.
  init(_ paths: [String]) throws(ShoalError) {
    var sorted: [(name: String, path: String)] = []
    for path in paths {
      guard let name = path.unicodeScalars.split(separator: "/").last.map({ String($0) }), name != ".", name != ".."
      else {
        throw ShoalError(.file, "\(path) has no name of its own; give it by the name that it has in its parent folder")
      }
      if let other = places.updateValue(path, forKey: name) {
        throw ShoalError(.file, "\(other) and \(path) have the same name; share a folder that they are in")
      }
      sorted.append((name, path))
    }
    sorted.sort { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    do throws(SystemError) {
      for (name, path) in sorted {
        guard let status = try FileSystem.status(path) else { throw SystemError(ENOENT, .open, path) }
        let folder = status.kind == .directory ? try Directory.open(path, followsLinks: true) : nil
        try add(name, path, status, folder, depth: 0) { "" }
      }
    } catch { throw FolderScan.error(error) }
  }

  private static func error(_ error: SystemError) -> ShoalError {
    error.code == FolderScan.tooLong
      ? ShoalError(.tooLarge, "\(error.subject): more than \(Limits.listingEntries) files; share them in an archive")
      : ShoalError(error)
  }

  private mutating func scan(_ folder: Directory, depth: Int) throws(SystemError) {
    var names = try folder.names()
    names.sort { $0.lexicographicallyPrecedes($1) }
    for bytes in names {
      let name = String(decoding: bytes, as: UTF8.self)
      // The target is put into the listing unchanged; the check of the listing then reports what is wrong with it.
      guard Array(name.utf8) == bytes else { throw SystemError(EILSEQ, .read, folder.path(of: name)) }
      // An entry that has gone by now is ignored.
      guard let status = try folder.status(name) else { continue }
      let inner = status.kind == .directory ? try folder.directory(name) : nil
      try add(name, folder.path(of: name), status, inner, depth: depth) { folder.target(name) }
    }
  }

  private mutating func add(
    _ name: String, _ path: String, _ status: FileStatus, _ folder: Directory?, depth: Int, _ target: () -> String?
  ) throws(SystemError) {
    guard !writer.isTooLong else { throw SystemError(FolderScan.tooLong, .read, path) }
    switch status.kind {
    case .directory:
      guard let folder else { return }
      guard depth + 1 < Limits.listingDepth else { throw SystemError(ENAMETOOLONG, .read, path) }
      writer.add(.folder, name, depth: depth, modified: status.modified)
      try scan(folder, depth: depth + 1)
    case .regular:
      writer.add(
        status.isExecutable ? .executable : .file, name, depth: depth, modified: status.modified,
        size: UInt64(max(status.size, 0)))
      stamps.append(Stamp(status))
    case .link:
      guard let target = target(), linkStays(target, depth: depth) else {
        return omit(path, "a link that leads out of the folder")
      }
      writer.add(.link, name, depth: depth, target: target)
    case .other: omit(path, "a pipe, a device or a socket")
    }
  }

  private mutating func omit(_ path: String, _ reason: String) {
    omittedCount += 1
    if omitted.count < FolderScan.most { omitted.append(Omission(path: path, reason: reason)) }
  }

  private static let tooLong: Int32 = E2BIG
}
