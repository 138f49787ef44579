import Glibc
import Shoal
import ShoalBase
import ShoalContent
import ShoalTerminal

/// The files of a demo: where it works, and what it leaves behind, namely captures and, on request, the copies.
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
    for name in names where !SystemCall.makeDirectory(folder(of: name)) {
      throw SystemError(errno, .create, folder(of: name))
    }
  }

  private static func given(_ path: String) throws -> String {
    var path = path
    while path.hasSuffix("/"), path.count > 1 { path.removeLast() }
    if !SystemCall.makeDirectory(path) { throw SystemError(errno, .create, path) }
    guard try FileSystem.status(path)?.kind == .directory else { throw SystemError(ENOTDIR, .create, path) }
    return path
  }

  private static func temporary() throws -> String {
    let variable = SystemCall.environment("TMPDIR")
    let parent = variable.isEmpty ? "/tmp" : variable
    guard let path = SystemCall.makeTemporaryDirectory("\(parent)/shoal-demo-") else {
      throw SystemError(errno, .create, parent)
    }
    return path
  }

  /// Refuses to start if files exist that it would remove or replace: they may be somebody's.
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

  /// What remains if the demo is interrupted, as the end of a sentence; empty if nothing does.
  var remainder: String {
    let bytes = left
    return bytes == 0 ? "" : "; \(Units.total(bytes)) stay in \(escaped(directory))"
  }

  /// The bytes of what remains at the end: captures, and copies on request.
  var left: UInt64 { size(of: (captures ? records : []) + (keeps ? made : [])) }

  /// What remains, where, how large it is and how to remove it; nil if nothing does.
  var leftOver: String? {
    guard left > 0 else { return nil }
    let what = [captures ? "captures" : nil, keeps ? "copies" : nil].compactMap(\.self).joined(separator: " and ")
    let remedy = isTemporary ? "; remove: rm -r \(shellWord(directory))" : ""
    return "Left: \(Units.total(left)) of \(what) in \(escaped(directory))\(remedy)"
  }

  private var source: String { "\(directory)/\(fileName)" }

  /// Everything that is removed at the end, unless the user asked to keep it.
  private var made: [String] {
    names.flatMap { Destination.files(at: copy(of: $0)) } + (isMadeUp ? [source] : [])
  }

  /// Removes what is not to be kept; harmless if it is already gone.
  func clean() {
    if !keeps { for path in made { SystemCall.remove(path) } }
    for name in names { SystemCall.removeDirectory(folder(of: name)) }
    // This removes it only if it is empty.
    if isTemporary { SystemCall.removeDirectory(directory) }
  }

  // MARK: Content

  private static let block = 1 << 20

  /// Generates the file, the same one each time; returns its path.
  func make(_ session: Session, size: UInt64) throws -> String {
    let file = try File.create(source, existing: .refuse)
    var random = SeededGenerator(seed: 1)
    var bytes = [UInt8](repeating: 0, count: DemoFiles.block)
    var state = ProgressState(name: fileName)
    var done: UInt64 = 0
    while done < size {
      var span = bytes.mutableSpan
      for word in 0..<DemoFiles.block / 8 { span.store(bigEndian: random.next().byteSwapped, at: 8 * word) }
      let count = Int(min(size - done, UInt64(DemoFiles.block)))
      try file.write(bytes.span.extracting(..<count), at: Int(done))
      done += UInt64(count)
      state.show(phase: "generating", done: done, of: size, at: Session.now)
      session.progress(state)
    }
    session.console.endProgress()
    return source
  }

  /// The hash of a peer's copy, read again from the file system.
  func hash(of peer: String) throws -> Digest {
    let file = try File.open(copy(of: peer))
    var hasher = Blake3.Hasher()
    var buffer = [UInt8](repeating: 0, count: DemoFiles.block)
    var offset = 0
    while true {
      var room = buffer.mutableSpan
      let count = try file.read(into: &room, at: offset)
      guard count > 0 else { return hasher.finalize() }
      hasher.update(buffer.span.extracting(..<count))
      offset += count
    }
  }

  /// The command that runs the inspector here: in a clone of the repository, it is not installed.
  static var dumpCommand: String {
    let program = SystemCall.target(ofLink: "/proc/self/exe")
    guard program.contains("/.build/") else { return "shoal-dump" }
    return program.contains("/release/") ? "swift run -c release shoal-dump" : "swift run shoal-dump"
  }
}
