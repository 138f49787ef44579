import ShoalBase
import ShoalSwarm
import ShoalWire

/// The file in which the passes that peers have given are kept for the next run: `passes`, in the cache folder.
///
/// Each line has, in hexadecimal, the peer's address in two halves, port and scope, the token and the terms of the pass,
/// and the second since 1970 in which it came. Only this user may read it. Several processes may write it: the one that
/// ends last wins, but it keeps what the others have added.
struct PassFile: Sendable {
  let path: String

  /// How long a pass is kept: no longer than any peer believes it.
  static let lifetime: UInt64 = 24 * 3_600
  private static let mostBytes = 64 << 10

  private typealias Entry = (address: Address, pass: Pass, second: UInt64)

  /// The passes of earlier runs.
  func load() -> Passes {
    var passes = Passes()
    for entry in entries(at: now) { passes.keep(entry.pass, of: entry.address) }
    return passes
  }

  /// Adds new passes. If that fails, they are not remembered.
  func keep(_ new: [Address: Pass]) {
    guard !new.isEmpty else { return }
    let second = now
    var entries = entries(at: second).filter { new[$0.address] == nil }
    entries += new.sorted { $0.key.low < $1.key.low }.map { ($0.key, $0.value, second) }
    let lines = entries.suffix(Passes.most).map { entry in
      let address = entry.address
      let words = [address.high, address.low, UInt64(address.port), UInt64(address.scope)]
      return (words + [entry.pass.token, entry.pass.terms, entry.second]).map { String($0, radix: 16) }
        .joined(separator: " ")
    }
    let made = path + ".\(SystemClock.wall())"
    if let folder = path.lastIndex(of: "/") { FileSystem.makeFolder(String(path[..<folder])) }
    do throws(SystemError) {
      try JournalFile.begin(made, Array((lines.joined(separator: "\n") + "\n").utf8))
      try FileSystem.rename(made, to: path, replacing: true)
    } catch { try? FileSystem.remove(made) }
  }

  private var now: UInt64 { UInt64(max(SystemClock.wall() / .second, 0)) }

  /// What the file has; lines that are damaged or too old are left out.
  private func entries(at second: UInt64) -> [Entry] {
    guard let bytes = JournalFile.bytes(path, upTo: Self.mostBytes) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").compactMap { UInt64($0, radix: 16) }
      guard words.count == 7, let port = UInt16(exactly: words[2]), let scope = UInt32(exactly: words[3]),
        words[6] <= second, second - words[6] < Self.lifetime
      else { return nil }
      let address = Address(high: words[0], low: words[1], port: port, scope: scope)
      return (address, Pass(token: words[4], terms: words[5]), words[6])
    }
  }
}
