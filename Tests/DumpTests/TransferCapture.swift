import Foundation
import Shoal
import ShoalLink

/// What is left of a transfer over a bad link, as `shoal demo` makes it.
struct TransferCapture {
  /// The captures of both ends, and their qlogs.
  var receiver: [UInt8]
  var sender: [UInt8]
  var qlog: [UInt8]
  var receiverQlog: [UInt8]

  /// The receiver's capture alone.
  static func make(_ link: String, size: Int, arq: String = "sr") async throws -> [UInt8] {
    try await both(link, size: size, arq: arq).receiver
  }

  /// Fetches `size` bytes from an origin with a tracker of its own.
  static func both(_ link: String, size: Int, arq: String = "sr") async throws -> TransferCapture {
    let folder = FileManager.default.temporaryDirectory.appending(path: "transfer-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 0x9e37_79b1 >> 13) }
    try Data(content).write(to: URL(fileURLWithPath: folder + "/film"))
    var serving = NodeOptions(listen: "127.0.0.1:0", runsTracker: true)
    (serving.capture, serving.qlog) = (folder + "/origin.pcapng", folder + "/origin.qlog")
    let origin = try Peer.start(serving)
    let share = try await origin.share(folder + "/film")
    var options = NodeOptions(listen: "127.0.0.1:0")
    options.link = try LinkSpec(parsing: link)
    options.linkSeed = 7
    (options.capture, options.qlog) = (folder + "/a.pcapng", folder + "/a.qlog")
    if arq == "gbn" { options.swarm.transport.repeatMode = .goBackN }
    let peer = try Peer.start(options)
    let download = try await peer.download(share.ticket, to: .file(folder + "/copy"))
    try await download.finish()
    await peer.close()
    await origin.close()
    func read(_ name: String) throws -> [UInt8] {
      [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
    }
    return TransferCapture(
      receiver: try read("a.pcapng"), sender: try read("origin.pcapng"), qlog: try read("origin.qlog"),
      receiverQlog: try read("a.qlog"))
  }
}
