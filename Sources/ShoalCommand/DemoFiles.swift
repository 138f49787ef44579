import Glibc
import Shoal
import ShoalBase
import ShoalContent
import ShoalTerminal

/// Where a demo works, and what it leaves behind: captures, and on request the copies.
final class DemoFiles: Sendable {
  let directory: String
  let captures: Bool
  private let keeps: Bool
  private let isTemporary: Bool
  private let names: [String]
  private let fileName: String
  private let isMadeUp: Bool

  init(_ plan: DemoPlan) throws {
    captures = plan.captures
    keeps = plan.keeps
    names = (0..<plan.peers).map(plan.name)
    isMadeUp = plan.file == nil
    fileName = plan.file?.split(separator: "/").last.map(String.init) ?? "shoal-demo.bin"
    isTemporary = plan.directory == nil
    directory = try plan.directory.map(DemoFiles.given) ?? DemoFiles.temporary()
    try refuseExisting()
    for name in names where mkdir(folder(of: name), 0o777) != 0 && errno != EEXIST {
      throw SystemError(errno, .create, folder(of: name))
    }
  }

  private static func given(_ path: String) throws -> String {
    var path = path
    while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
    if mkdir(path, 0o777) != 0, errno != EEXIST { throw SystemError(errno, .create, path) }
    guard try FileSystem.status(path)?.kind == .directory else { throw SystemError(ENOTDIR, .create, path) }
    return path
  }

  private static func temporary() throws -> String {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    var template = Array("\(parent.isEmpty ? "/tmp" : parent)/shoal-demo-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(errno, .create, parent.isEmpty ? "/tmp" : parent) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// What is there may be anybody's, and all that has these names will be removed or replaced.
  private func refuseExisting() throws {
    for path in made + (captures ? records : []) where try FileSystem.status(path) != nil {
      throw Failure("\(escaped(path)) exists; remove it, or use another --directory", code: "exists")
    }
  }

  private func folder(of peer: String) -> String { "\(directory)/\(peer)" }
  func copy(of peer: String) -> String { "\(folder(of: peer))/\(fileName)" }
  func capture(of node: String) -> String { "\(directory)/\(node).pcapng" }

  private var records: [String] { (["tracker", "origin"] + names).map(capture) }

  private func size(of paths: [String]) -> UInt64 {
    paths.reduce(0) { sum, path in
      let status = try? FileSystem.status(path)
      return sum + UInt64(status?.size ?? 0)
    }
  }

  /// What stays when the demo is interrupted, as the end of a sentence; empty if nothing does.
  var remainder: String {
    let bytes = left
    return bytes == 0 ? "" : "; \(Units.total(bytes)) stay in \(escaped(directory))"
  }

  /// The bytes of what stays at the end: captures, and copies on request.
  var left: UInt64 { size(of: (captures ? records : []) + (keeps ? made : [])) }

  /// What stays where, how large it is, and how to be rid of it; nil if nothing does.
  var leftOver: String? {
    guard left > 0 else { return nil }
    let what = [captures ? "captures" : nil, keeps ? "copies" : nil].compactMap(\.self).joined(separator: " and ")
    let remedy = isTemporary ? "; remove: rm -r \(shellWord(directory))" : ""
    return "Left: \(Units.total(left)) of \(what) in \(escaped(directory))\(remedy)"
  }

  private var source: String { "\(directory)/\(fileName)" }

  /// All that does not stay, unless on request.
  private var made: [String] {
    names.flatMap { [copy(of: $0), partPath(of: copy(of: $0))] } + (isMadeUp ? [source] : [])
  }

  /// Removes what is not to stay; harmless if it is gone.
  func clean() {
    if !keeps { for path in made { unlink(path) } }
    for name in names { rmdir(folder(of: name)) }
    // Only one that is empty goes.
    if isTemporary { rmdir(directory) }
  }

  // MARK: Content

  private static let block = 1 << 20

  /// Makes the file up, the same one each time; its path.
  func make(_ session: Session, size: UInt64) throws -> String {
    let file = try File.create(source, existing: .refuse)
    var random = SeededGenerator(seed: 1)
    var words = [UInt64](repeating: 0, count: DemoFiles.block / 8)
    var state = ProgressState(name: fileName)
    var done: UInt64 = 0
    while done < size {
      for index in words.indices { words[index] = random.next() }
      let count = Int(min(size - done, UInt64(DemoFiles.block)))
      try words.withUnsafeBytes { try file.write(UnsafeRawBufferPointer(rebasing: $0[..<count]), at: Int(done)) }
      done += UInt64(count)
      state.show(phase: "making up", done: done, of: size, at: Session.now)
      session.progress(state)
    }
    session.console.endProgress()
    return source
  }

  /// The hash of a peer's copy, read again from the file system.
  func hash(of peer: String) throws -> Digest {
    let file = try File.open(copy(of: peer))
    var hasher = Blake3.Hasher()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: DemoFiles.block, alignment: 64)
    defer { buffer.deallocate() }
    var offset = 0
    while true {
      let count = try file.read(into: buffer, at: offset)
      guard count > 0 else { return hasher.finalize() }
      hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += count
    }
  }

  /// What runs the inspector here: in a clone it has not been installed.
  static var dumpCommand: String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let program = String(decoding: path.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard program.contains("/.build/") else { return "shoal-dump" }
    return program.contains("/release/") ? "swift run -c release shoal-dump" : "swift run shoal-dump"
  }
}
