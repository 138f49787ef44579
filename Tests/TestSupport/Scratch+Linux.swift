import Glibc
import ShoalBase

// Safety: the system is told the size of what it reads and fills; files and folders are closed once, at the end of the
// scope, and names are copied before the next entry is read.

/// A folder for one test, removed with all that is in it when nothing refers to it any longer.
public final class Scratch: Sendable {
  /// The folder's path.
  public let path: String

  /// Makes an empty folder.
  public init() throws {
    let parent = environmentText("TMPDIR") ?? "/tmp"
    var template = Array("\(parent)/shoal-test-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw ScratchError("cannot make a folder in \(parent)") }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    // The deepest entries come first, and links are not followed.
    unsafe nftw(path, { path, _, _, _ in unsafe path.map { unsafe remove($0) } ?? 0 }, 16, Int32(FTW_DEPTH | FTW_PHYS))
  }

  /// The path of an entry.
  public func at(_ name: String) -> String { "\(path)/\(name)" }

  /// Makes a folder; returns its path.
  @discardableResult
  public func folder(_ name: String) throws -> String {
    guard unsafe mkdir(at(name), 0o755) == 0 else { throw ScratchError("cannot make \(at(name))") }
    return at(name)
  }

  /// Writes a file, replacing what it held; returns its path.
  @discardableResult
  public func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    guard let file = unsafe fopen(at(name), "w") else { throw ScratchError("cannot write \(at(name))") }
    defer { unsafe fclose(file) }
    let bytes = Array(bytes)
    guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else {
      throw ScratchError("cannot write \(at(name))")
    }
    return at(name)
  }

  /// Writes a file of this many bytes that follow from `seed`; returns its path.
  @discardableResult
  public func file(_ name: String, _ size: Int, seed: UInt64 = 1) throws -> String {
    var generator = SeededGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + 8)
    while bytes.count < size { unsafe withUnsafeBytes(of: generator.next()) { unsafe bytes += $0 } }
    bytes.removeLast(bytes.count - size)
    return try write(name, bytes)
  }

  /// The content of a file.
  public func read(_ name: String) throws -> [UInt8] {
    guard let file = unsafe fopen(at(name), "r") else { throw ScratchError("cannot read \(at(name))") }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = unsafe fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
  }

  /// The content of a file, as text.
  public func text(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

  /// Whether there is such an entry.
  public func has(_ name: String) -> Bool { TestFile.exists(at(name)) }

  /// The names of all entries, sorted.
  public var names: [String] { names(in: ".") }

  /// The names of all entries of one of its folders, sorted.
  public func names(in folder: String) -> [String] {
    guard let directory = unsafe opendir(at(folder)) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

/// What could not be done in a scratch folder, and why.
struct ScratchError: Error, CustomStringConvertible {
  let description: String
  init(_ what: String) { description = "\(what): \(systemText(of: errno))" }
}
