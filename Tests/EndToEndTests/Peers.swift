import Foundation
import Shoal
import ShoalBase
import ShoalLink
import Testing

/// A directory that goes when the test is over.
final class Scratch: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "shoal-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A file of so many bytes that follow from `seed`.
  func file(_ name: String, _ size: Int, seed: UInt64 = 1) throws -> String {
    var generator = SeededGenerator(seed: seed)
    var bytes = [UInt8]()
    bytes.reserveCapacity(size + 8)
    while bytes.count < size { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
    bytes.removeLast(bytes.count - size)
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  func at(_ name: String) -> String { path + "/" + name }
}

func same(_ a: String, _ b: String) -> Bool { FileManager.default.contentsEqual(atPath: a, andPath: b) }

/// A peer on loopback.
func peer(
  _ link: String = "clean", seed: UInt64 = 1, tracker: Bool = false, capture: String? = nil,
  _ change: (inout NodeOptions) -> Void = { _ in }
) throws -> Peer {
  var options = NodeOptions(listen: "127.0.0.1:0", runsTracker: tracker)
  options.link = try LinkSpec(parsing: link)
  options.linkSeed = seed
  options.capture = capture
  change(&options)
  return try Peer.start(options)
}

/// What was to be done was not, in so many seconds.
struct Late: Error { let seconds: Double }

/// Runs `body`; a test that hangs fails instead.
@discardableResult
func within<T: Sendable>(_ seconds: Double, _ body: @escaping @Sendable () async throws -> T) async throws -> T {
  try await withThrowingTaskGroup(of: T.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: .seconds(seconds))
      throw Late(seconds: seconds)
    }
    defer { group.cancelAll() }
    return try await group.next()!
  }
}
