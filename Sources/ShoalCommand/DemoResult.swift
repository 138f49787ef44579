import Shoal
import ShoalTerminal
import ShoalWire

/// The outcome of one peer's download.
struct DemoPeer: Sendable {
  let name: String
  let address: Address
  let progress: DownloadProgress
  let counts: PeerStatistics
  /// Verified bytes by the name of the peer that sent them.
  let from: [String: UInt64]
  let isEqual: Bool

  var seconds: Double { progress.elapsed.inSeconds }
  var goodput: Double { seconds > 0 ? Double(progress.bytes) / seconds : 0 }
}

/// The outcome of a demo, for people and for programs.
struct DemoResult {
  let share: Share
  let origin: PeerStatistics
  let peers: [DemoPeer]
  let files: DemoFiles

  var isEqual: Bool { peers.allSatisfy { $0.isEqual && $0.progress.bytes == share.cut.size } }

  private var sources: [String] { ["origin"] + peers.map(\.name) }

  func lines(width: Int?) -> [String] {
    var table = Table([
      .init("peer"), .init("MB", .right), .init("s", .right), .init("MB/s", .right), .init("sent", .right),
      .init("lost", .right), .init("corrupt", .right), .init("resent", .right),
      .init("MB from \(sources.joined(separator: "/"))"), .init("hash", isVital: true),
    ])
    table.add(["origin", "-", "-", "-"] + DemoResult.cells(origin) + ["-", "-"])
    for peer in peers {
      let from = sources.map { $0 == peer.name ? "-" : megabytes(peer.from[$0] ?? 0, 1) }
      table.add(
        [
          peer.name, megabytes(peer.progress.bytes, 1), Units.fixed(peer.seconds, 1),
          Units.fixed(peer.goodput / 1e6, 2),
        ] + DemoResult.cells(peer.counts) + [from.joined(separator: "/"), peer.isEqual ? "equal" : "DIFFERENT"])
    }
    return table.lines(width: width)
  }

  private static func cells(_ counts: PeerStatistics) -> [String] {
    [counts.sent, counts.lost, counts.corrupt, counts.retransmitted].map { Units.grouped($0) }
  }

  private func megabytes(_ bytes: UInt64, _ decimals: Int) -> String { Units.fixed(Double(bytes) / 1e6, decimals) }

  var json: JSON {
    [
      "event": "done", "equal": .bool(isEqual), "id": .string(share.id.hex), "name": .string(share.name),
      "bytes": .uint(share.cut.size), "directory": .string(files.directory), "left": .uint(files.left),
      "origin": ["datagrams": origin.json],
      "peers": .array(peers.map(object)),
    ]
  }

  private func object(_ peer: DemoPeer) -> JSON {
    [
      "name": .string(peer.name), "address": .string("\(peer.address)"), "equal": .bool(peer.isEqual),
      "bytes": .uint(peer.progress.bytes), "seconds": .double(peer.seconds), "goodput": .double(peer.goodput),
      "datagrams": peer.counts.json,
      "from": .array(
        sources.filter { $0 != peer.name }.map { ["name": .string($0), "bytes": .uint(peer.from[$0] ?? 0)] }),
      "capture": files.captures ? .string(files.capture(of: peer.name)) : .null,
    ]
  }
}
