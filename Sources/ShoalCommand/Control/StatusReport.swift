import Shoal
import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalTerminal
import ShoalWire

/// The state of this process, for people, for programs and for Prometheus.
struct StatusReport: Sendable {
  /// What runs here.
  enum Subject: Sendable {
    case peer(Observer)
    case tracker(Tracker)
  }

  let command: String
  let subject: Subject
  private let began = Session.now
  private let process = OwnFolder.process

  /// `4711 share`.
  var title: String { "\(process) \(command)" }

  /// Whether a word denotes this process: its number, its command, or the name, id or beginning of the id of one of its
  /// files.
  func matches(_ word: String) async -> Bool {
    if word.isEmpty || word == "\(process)" || word == command { return true }
    guard case .peer(let observer) = subject, let seen = await observer.glance() else { return false }
    return seen.files.contains { file in
      file.swarm.name == word || word.count >= 4 && file.swarm.id.hex.hasPrefix(word.lowercased())
    }
  }

  private var upTime: String { "up \(Units.remaining(Session.now - began))" }

  // MARK: For people

  /// `top` adds what keeps a tracker busy.
  func lines(width: Int?, top: Bool = false) async -> [String]? {
    switch subject {
    case .peer(let observer): await observer.look().map { lines($0, width) }
    case .tracker(let tracker):
      await tracker.standing().map {
        TrackerReport($0).lines("\(title) at \(tracker.address), \(upTime)", width: width, top: top)
      }
    }
  }

  private func lines(_ seen: Observation, _ width: Int?) -> [String] {
    let standing = seen.standing
    let peers = Set(seen.rows.filter { $0.standing.isOpen }.map(\.standing.serial)).count
    let head =
      "\(title) at \(standing.address), \(upTime), \(counted(standing.files.count, "file")), \(counted(peers, "peer")), "
      + "up \(Units.rate(seen.up))\(limit(standing.limits.upload)), "
      + "down \(Units.rate(seen.down))\(limit(standing.limits.download))"
    var files = Table([
      .init("file", isVital: true), .init("id"), .init("state", isVital: true), .init("have", .right),
      .init("size", .right), .init("peers", .right), .init("up", .right), .init("down", .right),
    ])
    for file in standing.files {
      let rows = seen.rows.filter { $0.standing.file == file.swarm.key }
      func rate(_ isReceiver: Bool) -> String {
        Units.rate(rows.filter { $0.standing.isReceiver == isReceiver }.reduce(0) { $0 + $1.rate })
      }
      files.add([
        file.swarm.name.isEmpty ? "(no name)" : escaped(file.swarm.name), file.swarm.id.short,
        file.phase?.rawValue ?? "shared", file.share.map { Units.percent($0, decimals: 0) } ?? "",
        file.swarm.size.map(Units.total) ?? "", "\(rows.count)", rate(true), rate(false),
      ])
    }
    let use = standing.use
    let used =
      "  used: \(Units.progress(UInt64(use.buffered), of: UInt64(use.bufferLimit))) of pieces, "
      + "\(Units.grouped(use.connections)) of \(Units.grouped(use.connectionLimit)) connections from "
      + "\(counted(use.hosts, "host")), \(counted(use.banned, "address", "addresses")) left alone"
    let counts = standing.counts
    let sums =
      "  sent \(Units.total(UInt64(counts.bytesSent))) in \(counted(counts.sent, "datagram")), "
      + "\(Units.grouped(counts.retransmitted)) repeats, \(Units.grouped(counts.lost)) lost; received "
      + "\(Units.total(UInt64(counts.bytesReceived))) in \(Units.grouped(counts.received)), \(Units.grouped(counts.corrupt)) "
      + "corrupt, \(Units.grouped(counts.duplicate)) duplicate"
    let peersTable = seen.rows.isEmpty ? [] : PeerTable(seen.rows, showsFile: true).lines(width: width, titles: true)
    let lines =
      [head, sums, used].flatMap { wrapped($0, to: width ?? 10_000, hanging: 4) }
      + (standing.files.isEmpty ? [] : files.lines(width: width)) + peersTable
    return width.map { width in lines.map { clipped($0, to: max(width, 1)) } } ?? lines
  }

  /// ` (limit 20.0 MB/s)`; nothing if there is none.
  private func limit(_ rate: Int?) -> String { rate.map { " (limit \(Units.rate(Double($0))))" } ?? "" }

  // MARK: For programs

  func objects(top: Bool = false) async -> [JSON]? {
    switch subject {
    case .peer(let observer):
      guard let seen = await observer.look() else { return nil }
      return [process(seen)] + seen.standing.files.map { object($0, seen) }
        + seen.rows.map { with(process, $0.object("peer")) }
    case .tracker(let tracker):
      return await tracker.standing().map {
        TrackerReport($0).objects(
          Int(process), command, "\(tracker.address)", seconds: Session.now - began, top: top)
      }
    }
  }

  private func process(_ seen: Observation) -> JSON {
    let (standing, use) = (seen.standing, seen.standing.use)
    return [
      "event": "process", "process": .int(Int(process)), "command": .string(command),
      "listen": .string("\(standing.address)"), "seconds": .double(Session.now - began),
      "up": .double(seen.up), "down": .double(seen.down),
      "trackers": .array(standing.trackers.map { .string("\($0)") }),
      "datagrams": standing.counts.json, "buffered": .int(use.buffered), "buffer_limit": .int(use.bufferLimit),
      "connections": .int(use.connections), "connection_limit": .int(use.connectionLimit), "hosts": .int(use.hosts),
      "banned": .int(use.banned), "max_upload": standing.limits.upload.map { .int($0) } ?? .null,
      "max_download": standing.limits.download.map { .int($0) } ?? .null,
      "max_peers": standing.limits.peers.map { .int($0) } ?? .null,
    ]
  }

  private func object(_ file: Standing.File, _ seen: Observation) -> JSON {
    [
      "event": "file", "process": .int(Int(process)), "id": .string(file.swarm.id.hex),
      "name": .string(file.swarm.name),
      "state": .string(file.phase?.rawValue ?? "shared"), "bytes": .uint(file.swarm.progress.bytes),
      "total": file.swarm.size.map { .uint($0) } ?? .null, "chunks": .int(file.swarm.chunks.count),
      "total_chunks": .int(file.swarm.chunks.capacity),
      "peers": .int(seen.rows.count { $0.standing.file == file.swarm.key }),
    ]
  }

  private func with(_ process: Int32, _ object: JSON) -> JSON {
    object.inserting(JSON.Member("process", .int(Int(process))))
  }

  // MARK: For Prometheus

  func metrics() async -> String? {
    switch subject {
    case .peer(let observer): await observer.glance().map { MetricsText($0, upFor: Session.now - began).text }
    case .tracker(let tracker):
      await tracker.standing().map { MetricsText($0, upFor: Session.now - began).text }
    }
  }
}

extension Standing.File {
  /// The fraction of it that is here, from 0 to 1; nil while it is unknown.
  var share: Double? {
    guard let size = swarm.size else { return nil }
    return size == 0 ? 1 : Double(swarm.progress.bytes) / Double(size)
  }
}
