import Shoal
import ShoalTerminal
import ShoalTransport
import ShoalWire

/// `shoal doctor`.
struct DoctorCommand {
  /// The result of one check.
  struct Check {
    let name: String
    let finding: String
    /// The remedy; nil if all is well.
    var remedy: String?
    /// The measurements.
    var figures: [JSON.Member] = []

    var json: JSON {
      .object(
        [
          .init("event", "check"), .init("name", .string(name)), .init("ok", .bool(remedy == nil)),
          .init("finding", .string(finding)), .init("remedy", remedy.map { .string($0) } ?? .null),
        ] + figures)
    }
  }

  private let session: Session
  private let peer: String?
  private let directory: String

  init(_ session: Session) throws {
    self.session = session
    peer = try session.invocation.first("peer")?.place(named: "peer", defaultPort: Peer.defaultPort)
    directory = session.invocation["directory"].text
    guard try FileSystem.status(directory)?.kind == .directory else {
      throw Failure("\(escaped(directory)): no such directory", code: "file")
    }
  }

  func run() async throws {
    session.ending.onSignal { [session] in session.tellInterrupted("interrupted") }
    var checks = try DoctorCommand.machine()
    for check in checks { tell(check) }
    if let peer {
      for check in try await DoctorCommand.path(to: peer) {
        checks.append(check)
        tell(check)
      }
    }
    let disk = DoctorCommand.disk(directory)
    tell(disk)
    checks.append(disk)
    await session.ending.claim()
    let faults = checks.count { $0.remedy != nil }
    guard faults > 0 else { return session.emit(["event": "done", "ok": true]) }
    throw Failure("\(counted(faults, "line")) above \(faults == 1 ? "says" : "say") what to do", code: "unfit")
  }

  /// Prints `receive buffer 212 kB of 8 MB wanted`, and below it the remedy.
  private func tell(_ check: Check) {
    session.emit(check.json)
    guard !session.isJSON else { return }
    let name = check.name + String(repeating: " ", count: max(1, 16 - check.name.count))
    session.ending.unlessOver {
      session.console.print(name + check.finding + (check.remedy == nil ? ": ok" : ""))
      if let remedy = check.remedy { session.console.print("  do: \(remedy)") }
    }
  }

  // MARK: This machine

  static func machine() throws -> [Check] {
    let sockets = try Machine.sockets()
    return [
      buffer("receive buffer", "net.core.rmem_max", sockets.receiveBuffer.granted, of: sockets.receiveBuffer.asked),
      buffer("send buffer", "net.core.wmem_max", sockets.sendBuffer.granted, of: sockets.sendBuffer.asked),
      offload(sockets.canSegment, sockets.canCoalesce), clock(Machine.clockResolution, Machine.isClockKept),
      files(Machine.openFiles),
    ]
  }

  static func buffer(_ name: String, _ setting: String, _ granted: Int, of asked: Int) -> Check {
    // A fast path needs less than is asked for, but more than most systems grant by default.
    let isEnough = granted >= min(asked, 4 << 20)
    return Check(
      name: name, finding: "\(Units.bytes(UInt64(granted))) of \(Units.bytes(UInt64(asked))) wanted",
      remedy: isEnough ? nil : "sudo sysctl -w \(setting)=\(asked)",
      figures: [.init("granted", .int(granted)), .init("wanted", .int(asked))])
  }

  static func offload(_ segments: Bool, _ joins: Bool) -> Check {
    let missing = [segments ? nil : "UDP_SEGMENT (Linux 4.18)", joins ? nil : "UDP_GRO (Linux 5.0)"].compactMap(\.self)
    return Check(
      name: "offload",
      finding: missing.isEmpty ? "UDP_SEGMENT and UDP_GRO" : "no \(missing.joined(separator: ", no "))",
      remedy: missing.isEmpty ? nil : "use a newer kernel: each datagram costs a call, which limits fast links")
  }

  static func clock(_ resolution: Int, _ isKept: Bool?) -> Check {
    let wall =
      switch isKept {
      case true?: "the wall clock is synchronized"
      case false?: "the wall clock is not synchronized"
      case nil: "whether the wall clock is synchronized is unknown"
      }
    let isCoarse = resolution > 1_000_000
    let remedy =
      isCoarse
      ? "use a kernel with high-resolution timers: pacing needs them"
      : isKept == false ? "sudo timedatectl set-ntp true: times of captures and logs cannot be compared otherwise" : nil
    return Check(name: "clock", finding: "monotonic \(Units.grouped(resolution)) ns; \(wall)", remedy: remedy)
  }

  static func files(_ limit: Int) -> Check {
    Check(
      name: "open files", finding: "\(Units.grouped(limit)) allowed",
      remedy: limit >= 1_024 ? nil : "ulimit -n 65536: each shared file stays open")
  }

  static func disk(_ directory: String) -> Check {
    let free = FileSystem.free(at: directory)
    let rate = Machine.writeRate(in: directory, bytes: 32 << 20)
    let parts = [
      free.map { "\(Units.total($0)) free" } ?? "free space unknown",
      rate.map { Units.rate($0) } ?? "cannot be written to",
    ]
    let remedy: String? =
      rate == nil
      ? "choose another directory, with --directory and get's --output"
      : (free ?? .max) < 1 << 30
        ? "free some space, or choose another directory"
        : rate ?? 0 < 20e6 ? "choose a faster disk: this one is slower than many links" : nil
    return Check(
      name: "disk", finding: "\(escaped(directory)): \(parts.joined(separator: ", "))", remedy: remedy,
      figures: [.init("free", free.map { .uint($0) } ?? .null), .init("rate", rate.map { .double($0) } ?? .null)])
  }

  // MARK: The path

  static func path(to place: String) async throws -> [Check] {
    let host: Resolver.HostPort
    do { host = try Resolver.parse(place) } catch { throw UsageError("--peer \(error)") }
    let addresses: [Address]
    do { addresses = try await waiting { try Resolver.resolve(host.host, port: host.port) } } catch {
      return [Check(name: "path", finding: "\(error)", remedy: "check the name, or give an address")]
    }
    guard let address = addresses.first else { return [] }
    guard let found = try await PathFinding.look(at: address, seconds: 2) else { return [] }
    return [check(found, address)]
  }

  static func check(_ found: PathFinding, _ address: Address) -> Check {
    let name = "path"
    if let refusal = found.refusal {
      return Check(
        name: name, finding: "nothing can be sent to \(address): \(refusal)", remedy: "check routes and firewalls here")
    }
    guard found.isOpen, let status = found.status, let roundTrip = status.roundTrip else {
      let why = found.failure.map { " (\($0))" } ?? ""
      return Check(
        name: name, finding: "\(address) does not answer\(why)",
        remedy: "start shoal share or get --stay there, and let UDP \(address.port) through its firewall")
    }
    let seconds = Double(roundTrip) / 1e9
    let mtu = status.datagram + (address.isIPv4 ? 28 : 48)
    let (lost, sent) = (max(status.counters.lost - status.counters.spurious, 0), max(status.counters.sent, 1))
    let loss = Double(lost) / Double(sent)
    let finding =
      "\(address): RTT \(PeerTable.time(seconds)), MTU \(Units.grouped(mtu)), "
      + "loss \(Units.percent(loss)) of \(counted(sent, "datagram")) there"
    var remedy: String?
    if mtu < 1_400 {
      remedy = "the path takes only small packets: see the MTU of tunnels and VPNs on the way"
    } else if loss > 0.05 {
      remedy = "the path loses much even when idle: see cables, Wi-Fi, and what else uses the link"
    }
    return Check(
      name: name, finding: finding, remedy: remedy,
      figures: [.init("rtt", .double(seconds)), .init("mtu", .int(mtu)), .init("loss", .double(loss))])
  }
}
