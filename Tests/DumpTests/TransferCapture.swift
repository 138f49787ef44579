import Shoal
import ShoalLink
import TestSupport

/// The files that a transfer over a bad link leaves, as `shoal demo` makes them.
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
    let scratch = try Scratch()
    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 0x9e37_79b1 >> 13) }
    let film = try scratch.write("film", content)
    var serving = NodeOptions(listen: "127.0.0.1:0", runsTracker: true)
    (serving.capture, serving.qlog) = (scratch.at("origin.pcapng"), scratch.at("origin.qlog"))
    let origin = try Peer.start(serving)
    let share = try await origin.share(film)
    var options = NodeOptions(listen: "127.0.0.1:0")
    options.link = try LinkSpec(parsing: link)
    options.linkSeed = 7
    (options.capture, options.qlog) = (scratch.at("a.pcapng"), scratch.at("a.qlog"))
    if arq == "gbn" { options.swarm.transport.repeatMode = .goBackN }
    let peer = try Peer.start(options)
    let download = try await peer.download(share.ticket, to: .file(scratch.at("copy")))
    _ = try await download.value
    await peer.close()
    await origin.close()
    return TransferCapture(
      receiver: try scratch.read("a.pcapng"), sender: try scratch.read("origin.pcapng"),
      qlog: try scratch.read("origin.qlog"), receiverQlog: try scratch.read("a.qlog"))
  }
}
