import Foundation
import Shoal
import ShoalLink

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

/// Six megabytes of which no two pieces are equal.
let longContent: [UInt8] = {
  let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 0x9e37_79b1 >> 13) }
  var content: [UInt8] = []
  while content.count < 6_000_000 { content += block }
  return content
}()

extension Download {
  /// Waits until the file is whole.
  @discardableResult
  func finish() async throws(ShoalError) -> DownloadProgress { try await value }
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
