import Shoal
import ShoalContent
import ShoalLink
import ShoalSwarm
import ShoalTerminal
import ShoalTransport

/// The options that peers and trackers have in common.
protocol AccessOptions {
  var link: LinkSpec { get set }
  var capture: String? { get set }
  var force: Bool { get set }
}

extension AccessOptions {
  /// Takes what --link, --capture and --force ask for.
  fileprivate mutating func setAccess(_ invocation: Invocation) throws(UsageError) {
    if let link = invocation.first("link") { self.link = try link.link(named: "link") }
    capture = invocation.first("capture")?.text
    force = invocation.has("force")
  }
}

extension Tracker.Options: AccessOptions {
  /// Takes what the options of a tracker ask for.
  init(_ invocation: Invocation, listen: String) throws(UsageError) {
    self.init(listen: listen)
    state = invocation.first("state")?.text
    if let memory = try invocation.first("memory")?.bytes(from: 1 << 20, to: 1 << 40) { self.memory = Int(memory) }
    let (intervals, workers) = (Tracker.Options.intervalRange, Tracker.Options.workerRange)
    if let value = invocation.first("interval") {
      interval = .seconds(try value.integer(from: intervals.lowerBound, to: intervals.upperBound, of: "seconds"))
    }
    if let value = invocation.first("workers") {
      self.workers = try value.integer(from: workers.lowerBound, to: workers.upperBound, of: "threads")
    }
    try setAccess(invocation)
  }
}

extension Peer.Options: AccessOptions {
  /// Takes what the options that all peers have ask for.
  init(access invocation: Invocation, listen: String) throws(UsageError) {
    self.init(listen: listen)
    try setAccess(invocation)
  }

  /// Takes what the options under TRANSPORT ask for.
  mutating func setTransport(_ invocation: Invocation) throws(UsageError) {
    // The option table allows only these names.
    arq = RepeatMode.allCases.first { "\($0)" == invocation["arq"].text } ?? .selectiveRepeat
    congestion = CongestionAlgorithm(rawValue: invocation["congestion"].text) ?? .bbr
    let windows = Int(Limits.window.lowerBound)...Int(Limits.window.upperBound)
    window = try invocation["window"].integer(from: windows.lowerBound, to: windows.upperBound, of: "packets")
    let mtus = TransportConfiguration.mtuRange
    mtu = try invocation.first("mtu")?.integer(from: mtus.lowerBound, to: mtus.upperBound, of: "bytes")
  }
}

extension Peer.Limits {
  /// Takes what --max-upload, --max-download and --max-peers ask for; the others stay as they are.
  mutating func set(_ value: GivenValue, for option: String) throws(UsageError) {
    let isNone = value.text == "none"
    switch option {
    case "max-peers": maxPeers = isNone ? nil : try value.integer(from: 1, of: "peers")
    case "max-upload": maxUpload = isNone ? nil : try value.rate()
    default: maxDownload = isNone ? nil : try value.rate()
    }
  }

  /// The options by which they are set.
  static let options = ["max-upload", "max-download", "max-peers"]

  init(_ invocation: Invocation) throws(UsageError) {
    self.init()
    for option in Self.options {
      if let value = invocation.first(option) { try set(value, for: option) }
    }
  }
}

extension Invocation {
  /// Checks that --capture and --qlog name two files, neither of which the command also reads or writes.
  func checkRecords(against others: [String]) throws(UsageError) {
    let capture = first("capture")
    let qlog = first("qlog")
    if let capture, let qlog, FileSystem.areSame(capture.text, qlog.text) {
      throw UsageError("--qlog and --capture: both are \(escaped(capture.text)); name two files")
    }
    for record in [capture, qlog].compactMap(\.self) {
      guard others.contains(where: { FileSystem.areSame($0, record.text) }) else { continue }
      throw record.error("is where the file is \(name == "share" ? "read" : "written"); name another")
    }
  }
}

extension GivenValue {
  /// A link as `--link` and its relatives describe it.
  func link(named option: String) throws(UsageError) -> LinkSpec {
    let spec: LinkSpec
    do { spec = try LinkSpec(parsing: text, reader: LinkTrace.init(file:)) } catch {
      throw UsageError(harmless("--\(option) \(error)"))
    }
    // Every OPEN has 1,200 bytes, and at least 28 of headers.
    for mtu in [spec.up.mtu, spec.down.mtu].compactMap({ $0 }) where mtu < 1_228 {
      throw UsageError("--\(option) mtu=\(mtu): must be 1228 or more: no connection fits into less")
    }
    return spec
  }

  /// Bytes per second: `500kB`, `2MB/s`, `20mbit`.
  func rate() throws(UsageError) -> Int {
    guard let rate = Units.parseRate(text) else { throw error("must be a rate such as 500kB/s, 2MB/s, 20mbit or none") }
    guard rate >= Double(SwarmLimits.leastRate) else { throw error("must be 1kB/s or more, or none") }
    return Int(min(rate, 1e15))
  }

  /// The `host:port` of another machine, complete and well-formed.
  func place(named option: String, defaultPort: UInt16) throws(UsageError) -> String {
    let place: Resolver.HostPort
    do {
      place = try Resolver.parse(text, defaultPort: defaultPort)
    } catch { throw UsageError("--\(option) \(error)") }
    guard !place.host.isEmpty else { throw error("needs a host, as in HOST:PORT") }
    guard place.port != 0 else { throw error("the port must be 1 to 65535") }
    return place.text
  }

  /// Where to listen; the address may be left out, or the port.
  func listen(defaultPort: UInt16) throws(UsageError) -> String {
    // Resolved as a host, it would be an address that nobody means.
    if text.utf8.allSatisfy({ 48...57 ~= $0 }) { throw error("write :\(text) for a port") }
    do {
      return try Resolver.parse(text, defaultPort: defaultPort).text
    } catch { throw UsageError("--listen \(error)") }
  }
}

extension Session {
  /// Says when the system's receive buffer is too small for fast transfers.
  func tellReceiveBuffer(_ peer: Peer) {
    let (granted, asked) = peer.receiveBuffer
    let sizes = "receive buffer of \(Units.bytes(UInt64(granted))), \(Units.bytes(UInt64(asked))) requested"
    if granted < asked, granted < 1 << 20 {
      let remedy = "sudo sysctl -w net.core.rmem_max=\(asked)"
      warning("\(sizes); fast transfers may lose datagrams: \(remedy)", code: "receive_buffer")
    } else {
      detail(sizes)
    }
  }
}
