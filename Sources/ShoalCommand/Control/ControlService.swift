import Shoal
import ShoalBase
import ShoalTerminal
import ShoalTransport

/// Answers requests on a process's control socket: `status`, `match`, `stop` and `limit`. A request is one line; the
/// answer begins with a line `ok` or `error`.
struct ControlService: Sendable {
  let report: StatusReport
  /// Changes limits; returns the reason if it cannot.
  let limit: @Sendable ([String: String]) async -> String?

  /// The longest request, in bytes.
  static let longest = 1_024

  var service: SmallServer.Service {
    SmallServer.Service(
      most: ControlService.longest, isComplete: { $0.contains(UInt8(ascii: "\n")) },
      answer: { request in
        let line = String(decoding: request, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
        // A name may have spaces in it.
        let isMatch = line.hasPrefix("match ")
        let words = line.split(separator: " ", maxSplits: isMatch ? 1 : .max).map(String.init)
        return Array(await answer(words).utf8)
      })
  }

  func answer(_ words: [String]) async -> String {
    switch words.first {
    case "status" where words.dropFirst().first == "json":
      guard let lines = await report.objects(top: words.last == "top") else { return "error\nit is about to stop\n" }
      return "ok\n" + lines.map { $0.stamped(.now).description + "\n" }.joined()
    case "status":
      let width = words.dropFirst(2).first.flatMap { Int($0) }
      guard let lines = await report.lines(width: width, top: words.last == "top") else {
        return "error\nit is about to stop\n"
      }
      return "ok\n" + lines.map { "\($0)\n" }.joined()
    case "match":
      guard await report.matches(words.dropFirst().first ?? "") else { return "error\nno match\n" }
      return "ok\n\(report.title)\n"
    case "stop":
      // Only after the answer has left.
      Task {
        try? await Task.sleep(for: .milliseconds(100))
        OwnFolder.endProcess()
      }
      return "ok\n"
    case "limit":
      let pairs = words.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
      guard pairs.allSatisfy({ $0.count == 2 }) else { return "error\nlimits are given as NAME=VALUE\n" }
      let problem = await limit(Dictionary(pairs.map { ($0[0], $0[1]) }) { $1 })
      return problem.map { "error\n\($0)\n" } ?? "ok\n"
    default: return "error\nunknown request; it may come from another version\n"
    }
  }
}

/// The services of a running command: its control socket and its metrics.
struct Control: Sendable {
  private let path: String?

  /// Opens them. If there can be no control socket, only `--verbose` says so.
  init(_ session: Session, _ report: StatusReport, limit: @escaping @Sendable ([String: String]) async -> String?)
    throws
  {
    if let metrics = try session.invocation.first("metrics")?.metricsAddress() {
      let listener: StreamSocket
      do { listener = try StreamSocket.listen(at: metrics) } catch {
        throw Failure("--metrics: \(error)", code: "port_in_use")
      }
      SmallServer(listener, MetricsService.service { await report.metrics() })
      session.note("Metrics at http://\(listener.address ?? metrics)/metrics")
    }
    do {
      let (socket, path) = try ControlFolder().listen()
      SmallServer(socket, ControlService(report: report, limit: limit).service)
      self.path = path
    } catch {
      session.detail("no shoal status for this process: \(error)")
      path = nil
    }
  }

  /// Opens them for a peer.
  init(_ session: Session, _ peer: Peer, _ observer: Observer) throws {
    let report = StatusReport(command: session.invocation.name, subject: .peer(observer))
    try self.init(session, report) { changes in
      var limits = await peer.limits
      do {
        for (name, text) in changes {
          guard Peer.Limits.options.contains(name) else { return "there is no limit \(quoted(name))" }
          try limits.set(GivenValue(label: "--\(name)", text: text), for: name)
        }
        try await peer.setLimits(limits)
      } catch { return Failure(error).message }
      return nil
    }
  }

  /// Removes the socket's name.
  func close() { if let path { SystemCall.remove(path) } }
}

extension Session {
  /// Opens the services for a peer; however the command ends, it closes them and the peer.
  func observe(_ peer: Peer) throws -> Observer {
    ending.atEnd { await peer.close() }
    let observer = Observer(peer)
    let control = try Control(self, peer, observer)
    ending.atEnd {
      control.close()
      await peer.close()
    }
    return observer
  }
}

extension GivenValue {
  /// Where metrics are served: only on this machine, unless an address is given.
  func metricsAddress() throws(UsageError) -> Address {
    let place: Resolver.HostPort
    do { place = try Resolver.parse(text.allSatisfy(\.isNumber) ? ":\(text)" : text) } catch {
      throw UsageError("--metrics \(error)")
    }
    guard let address = Resolver.numeric(place.host.isEmpty ? "127.0.0.1" : place.host, port: place.port) else {
      throw error("needs a numeric address, as in 127.0.0.1:9740")
    }
    return address
  }
}
