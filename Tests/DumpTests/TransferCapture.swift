import Foundation
import Shoal
import ShoalLink

/// The capture of a peer that fetches a file over a bad link, as `shoal demo` makes it.
enum TransferCapture {
  /// Fetches `size` bytes from an origin with a tracker of its own; the bytes of the receiver's capture.
  static func make(_ link: String, size: Int, arq: String = "sr") async throws -> [UInt8] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "transfer-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 0x9e37_79b1 >> 13) }
    try Data(content).write(to: URL(fileURLWithPath: folder + "/film"))
    let origin = try Peer.start(NodeOptions(listen: "127.0.0.1:0", runsTracker: true))
    let share = try await origin.share(folder + "/film")
    var options = NodeOptions(listen: "127.0.0.1:0")
    options.link = try LinkSpec(parsing: link)
    options.linkSeed = 7
    options.capture = folder + "/a.pcapng"
    if arq == "gbn" { options.swarm.transport.repeatMode = .goBackN }
    let peer = try Peer.start(options)
    let download = try await peer.download(share.ticket, to: .file(folder + "/copy"))
    try await download.finish()
    await peer.close()
    await origin.close()
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/a.pcapng")))
  }
}
