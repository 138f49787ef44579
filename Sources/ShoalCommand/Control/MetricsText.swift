import Shoal
import ShoalBase
import ShoalSwarm
import ShoalTerminal
import ShoalTracker

/// Prometheus' text format.
struct MetricsText {
  private(set) var text = ""

  init(_ standing: Standing, upFor seconds: Double) {
    common(seconds)
    let counts = standing.counts
    counter("datagrams_sent_total", "Datagrams sent.", counts.sent)
    counter("sent_bytes_total", "Bytes of UDP payload sent.", counts.bytesSent)
    counter("datagrams_received_total", "Intact datagrams received.", counts.received)
    counter("received_bytes_total", "Bytes of UDP payload received intact.", counts.bytesReceived)
    counter("datagrams_retransmitted_total", "Datagrams sent again.", counts.retransmitted)
    counter("packets_lost_total", "Packets declared lost.", counts.lost)
    counter("datagrams_corrupt_total", "Datagrams received with a wrong checksum.", counts.corrupt)
    counter("packets_duplicate_total", "Packets received more than once.", counts.duplicate)
    counter("datagrams_refused_total", "Datagrams that the system refused to send.", counts.refused)
    let use = standing.use
    gauge("connections", "Connections.", use.connections)
    gauge("connections_limit", "The most connections.", use.connectionLimit)
    gauge("buffered_bytes", "Bytes of unverified pieces.", use.buffered)
    gauge("buffered_limit_bytes", "The most bytes of unverified pieces.", use.bufferLimit)
    if let rate = standing.limits.upload { gauge("upload_limit_bytes_per_second", "The limit for sending.", rate) }
    if let rate = standing.limits.download {
      gauge("download_limit_bytes_per_second", "The limit for requests.", rate)
    }
    gauge("hosts", "Connected hosts.", use.hosts)
    gauge("banned_addresses", "Addresses banned for false content.", use.banned)
    let files = standing.files.prefix(MetricsText.mostSeries)
    family("file_bytes", "gauge", "Verified bytes of a file.", files.map { ($0.labels, "\($0.swarm.progress.bytes)") })
    family(
      "file_size_bytes", "gauge", "The size of a file.",
      files.compactMap { file in file.swarm.size.map { (file.labels, "\($0)") } })
    let peers = standing.peers.filter { $0.file != nil }.prefix(MetricsText.mostSeries)
    peerFamily("peer_moved_bytes", "Verified bytes of a file sent to or got from a peer.", standing, peers) {
      $0.moved.map { "\($0)" }
    }
    peerFamily("peer_round_trip_seconds", "The smoothed round trip to a peer.", standing, peers) {
      $0.connection?.roundTrip.map { "\(Double($0) / 1e9)" }
    }
    peerFamily("peer_congestion_window_bytes", "The most bytes in flight to a peer.", standing, peers) {
      $0.connection.map { "\($0.congestionWindow)" }
    }
    peerFamily("peer_lost_packets", "Packets to a peer declared lost on this connection.", standing, peers) {
      $0.connection.map { "\($0.counters.lost)" }
    }
  }

  init(_ standing: TrackerStanding, upFor seconds: Double) {
    common(seconds)
    gauge("tracker_files", "Files that are registered.", standing.files)
    gauge("tracker_registrations", "Registrations: a peer of a file.", standing.registrations)
    gauge("tracker_registrations_limit", "The most registrations.", standing.limits.registrations)
    gauge("tracker_chunk_map_bytes", "Bytes of chunk maps.", standing.mapBytes)
    gauge("tracker_memory_bytes", "Bytes of memory that the registrations take.", standing.memory)
    gauge("tracker_memory_limit_bytes", "The most bytes of memory for registrations.", standing.limits.memory)
    family(
      "tracker_requests_total", "counter", "Requests received.",
      standing.counters.requests.map { ([("type", "\($0.key)")], "\($0.value)") }.sorted { $0.0[0].1 < $1.0[0].1 })
    family(
      "tracker_refusals_total", "counter", "Requests refused.",
      standing.counters.errors.map { ([("reason", "\($0.key)")], "\($0.value)") }.sorted { $0.0[0].1 < $1.0[0].1 })
    counter("tracker_expired_total", "Registrations that ended in silence.", standing.counters.expired)
    counter(
      "tracker_displaced_total", "Registrations that ended because others needed room.", standing.counters.displaced
    )
    family(
      "tracker_dropped_total", "counter", "Datagrams that were not answered.",
      TrackerReport(standing).drops.map { ([("reason", $0.reason)], "\($0.count)") })
    counter("tracker_unproven_total", "Requests without a valid cookie.", standing.counters.unproven)
    histogram(
      "tracker_answer_seconds", "How long requests waited for their answers in this process.", standing.counters.times)
    counter("datagrams_corrupt_total", "Datagrams received with a wrong checksum.", standing.corrupt)
  }

  /// The most series of a family: bounds the answer, however many files and peers there are.
  private static let mostSeries = 1_000

  private mutating func common(_ seconds: Double) {
    family("build_info", "gauge", "The version.", [([("version", shoalVersion)], "1")])
    gauge("up_seconds", "Seconds since the command began.", Int(seconds))
    family("cpu_seconds_total", "counter", "Processor time used.", [([], "\(ProcessUsage.now.cpu)")])
    gauge("peak_memory_bytes", "The most memory that was resident at a time.", ProcessUsage.now.peakMemory)
  }

  private mutating func counter(_ name: String, _ help: String, _ value: Int) {
    family(name, "counter", help, [([], "\(value)")])
  }

  private mutating func gauge(_ name: String, _ help: String, _ value: Int) {
    family(name, "gauge", help, [([], "\(value)")])
  }

  private mutating func histogram(_ name: String, _ help: String, _ times: ReplyTimes) {
    text += "# HELP shoal_\(name) \(help)\n# TYPE shoal_\(name) histogram\n"
    var sum = 0
    for (bound, count) in zip(ReplyTimes.bounds, times.counts) {
      sum += count
      text += "shoal_\(name)_bucket{le=\"\(Double(bound) / 1e9)\"} \(sum)\n"
    }
    text += "shoal_\(name)_bucket{le=\"+Inf\"} \(times.count)\nshoal_\(name)_sum \(Double(times.sum) / 1e9)\n"
    text += "shoal_\(name)_count \(times.count)\n"
  }

  private mutating func peerFamily(
    _ name: String, _ help: String, _ standing: Standing, _ peers: ArraySlice<PeerStanding>,
    _ value: (PeerStanding) -> String?
  ) {
    family(
      name, "gauge", help,
      peers.compactMap { peer in
        value(peer).map { value in
          let id = standing.file(peer)?.swarm.id.hex ?? ""
          let role = peer.isReceiver ? "receiver" : "source"
          // The serial number distinguishes two connections to one address.
          return (
            [("address", "\(peer.address)"), ("id", id), ("role", role), ("connection", "\(peer.serial)")], value
          )
        }
      })
  }

  private mutating func family(
    _ name: String, _ type: String, _ help: String, _ series: [(labels: [(String, String)], value: String)]
  ) {
    guard !series.isEmpty else { return }
    text += "# HELP shoal_\(name) \(help)\n# TYPE shoal_\(name) \(type)\n"
    for (labels, value) in series {
      let list = labels.map { "\($0)=\"\(MetricsText.label($1))\"" }.joined(separator: ",")
      text += "shoal_\(name)\(list.isEmpty ? "" : "{\(list)}") \(value)\n"
    }
  }

  /// A label's value, made harmless: names come from others, and people also read metrics in terminals.
  static func label(_ text: String) -> String {
    harmless(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}

extension Standing.File {
  fileprivate var labels: [(String, String)] { [("id", swarm.id.hex), ("name", swarm.name)] }
}
