import Foundation
import Shoal
import ShoalLink
import TestSupport
import Testing

func same(_ a: String, _ b: String) -> Bool { FileManager.default.contentsEqual(atPath: a, andPath: b) }

/// A peer on loopback.
func peer(
  _ link: String = "clean", seed: UInt64 = 1, tracker: Bool = false, capture: String? = nil,
  _ change: (inout NodeOptions) -> Void = { _ in }
) throws -> Peer {
  var options = NodeOptions(listen: "127.0.0.1:0", runsTracker: tracker)
  options.listsNames = tracker
  options.link = try LinkSpec(parsing: link)
  options.linkSeed = seed
  options.capture = capture
  change(&options)
  return try Peer.start(options)
}

/// Six megabytes in which no two pieces are equal.
let longContent: [UInt8] = {
  let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 0x9e37_79b1 >> 13) }
  var content: [UInt8] = []
  while content.count < 6_000_000 { content += block }
  return content
}()

extension Download {
  /// Waits until the file is complete.
  @discardableResult
  func finish() async throws(ShoalError) -> DownloadProgress { try await value }
}

/// A file in a scratch folder, and the peer that shares it.
struct SharedFile {
  let scratch: Scratch
  let path: String
  let origin: Peer
  let share: Share

  /// Shares a new file of this size; the origin runs a tracker.
  init(
    _ size: Int, name: String = "in", link: String = "clean", capture: String? = nil,
    _ change: (inout NodeOptions) -> Void = { _ in }
  ) async throws {
    scratch = try Scratch()
    path = try scratch.file(name, size)
    origin = try peer(link, tracker: true, capture: capture.map { [scratch] in scratch.at($0) }, change)
    share = try await origin.share(path)
  }

  var id: Digest { share.id }
  var ticket: Ticket { share.ticket }
  /// Where it is downloaded to.
  var out: String { scratch.at("out") }

  /// Makes a peer download it, and compares the copy with it.
  @discardableResult
  func fetch(
    with peer: Peer, by ticket: Ticket? = nil, to path: String? = nil, force: Bool = false, within seconds: Double = 30
  ) async throws -> DownloadProgress {
    let copy = path ?? out
    let download = try await peer.download(ticket ?? share.ticket, to: .file(copy), force: force)
    let last = try await within(seconds) { try await download.finish() }
    #expect(same(self.path, copy))
    return last
  }

  /// Closes the peers, the origin last.
  func close(_ others: Peer...) async {
    for peer in others + [origin] { await peer.close() }
  }
}
