import Shoal
import ShoalTerminal

/// `shoal status`, `shoal stop` and `shoal limit`: requests to the shoal processes of this user.
struct StatusCommand {
  private let session: Session
  private let client = ControlClient(folder: ControlFolder())
  private let what: String

  /// Of the processes that `what` names; otherwise of those that the command line does.
  init(_ session: Session, of what: String? = nil) throws(UsageError) {
    self.session = session
    self.what = what ?? session.invocation.first("what")?.text ?? ""
    let what = self.what
    guard what.utf8.count < ControlService.longest / 2, !what.contains(where: \.isNewline) else {
      throw UsageError("<what> is the name or id of a file, or the number of a process")
    }
  }

  // MARK: Status

  func status() async throws {
    let pause = try session.invocation.first("watch").map { watch throws(UsageError) in
      watch.text.isEmpty ? 1 : try watch.double(from: 0.1, to: 86_400, of: "seconds")
    }
    session.ending.onSignal {}
    var count = try await show(isFrame: false)
    while let pause {
      try await Task.sleep(for: .seconds(pause))
      count = try await show(isFrame: true)
      if session.console.isClosed { return }
    }
    await session.ending.claim()
    session.emit(["event": "done", "processes": .int(count)])
    if count == 0, !session.isJSON { throw nobody }
  }

  private func show(isFrame: Bool) async throws -> Int {
    let output = session.console.standardOutput
    let width = output.tableWidth.map { " \($0 - 1)" } ?? ""
    let top = session.invocation.has("top") ? " top" : ""
    let request = session.isJSON ? "status json\(top)" : "status text\(width)\(top)"
    let answers = try await client.ask(request, of: try await chosen())
      .filter(\.isDone)
    var text = answers.map(\.text).joined(separator: session.isJSON ? "" : "\n")
    if text.hasSuffix("\n") { text.removeLast() }
    if session.isJSON {
      if !text.isEmpty { session.ending.unlessOver { session.console.print(text) } }
    } else if session.invocation.has("watch"), output.canMove {
      // It is redrawn in place for a person who watches, as far as there is room.
      let shown = text.isEmpty ? nobody.message : text
      let lines = shown.split(separator: "\n", omittingEmptySubsequences: false)
      let room = max(output.rows - 2, 1)
      let rest = lines.count > room ? "\nand \(counted(lines.count - room, "more line"))" : ""
      let frame = lines.prefix(room).joined(separator: "\n") + rest
      session.ending.unlessOver { session.console.print("\u{1B}[H\u{1B}[J" + frame) }
    } else if isFrame || !text.isEmpty {
      session.ending.unlessOver {
        session.console.print((isFrame ? "\n" : "") + (text.isEmpty ? nobody.message : text))
      }
    }
    return answers.count
  }

  /// The processes that match; nil for all.
  private func chosen() async throws -> Set<String>? {
    guard !what.isEmpty else { return nil }
    let found = try await client.ask("match \(what)").filter(\.isDone)
    if found.isEmpty {
      throw Failure("no shoal process of yours has \(quoted(what)); see shoal status", code: "no_process")
    }
    return Set(found.map(\.process))
  }

  private var nobody: Failure {
    Failure("no shoal process of yours is running (in \(escaped(client.folder.path)))", code: "no_process")
  }

  // MARK: Stop and limit

  func stop() async throws {
    let found = try await theOne()
    for answer in try await client.ask("stop", of: found) {
      session.emit(["event": "stopped", "process": .int(Int(answer.process) ?? 0)])
      session.note("asked \(answer.process) to stop")
    }
    await session.ending.claim()
    session.emit(["event": "done", "processes": .int(found.count)])
  }

  func limit() async throws {
    var pairs: [String] = []
    var limits = Peer.Limits()
    for name in Peer.Limits.options {
      guard let value = session.invocation.first(name) else { continue }
      // A mistake is reported here rather than by the other process.
      try limits.set(value, for: name)
      pairs.append("\(name)=\(value.text)")
    }
    guard !pairs.isEmpty else { throw UsageError("give a limit: --max-upload, --max-download or --max-peers") }
    let found = try await theOne()
    for answer in try await client.ask("limit \(pairs.joined(separator: " "))", of: found) {
      guard answer.isDone else {
        throw Failure("\(answer.process): \(answer.text.filter { !$0.isNewline })", code: "limit")
      }
      session.emit(["event": "limited", "process": .int(Int(answer.process) ?? 0)])
      session.note("\(answer.process): \(pairs.joined(separator: ", "))")
    }
    await session.ending.claim()
    session.emit(["event": "done", "processes": .int(found.count)])
  }

  /// The process that matches or, with --all, every one that does: a command that changes something must not guess.
  private func theOne() async throws -> Set<String> {
    let found = try await client.ask("match \(what)").filter(\.isDone)
    if found.isEmpty {
      throw what.isEmpty
        ? nobody : Failure("no shoal process of yours has \(quoted(what)); see shoal status", code: "no_process")
    }
    guard found.count == 1 || session.invocation.has("all") else {
      let list = found.map { $0.text.filter { !$0.isNewline } }.joined(separator: ", ")
      throw Failure("several match: \(list); give one of these numbers, or --all", code: "ambiguous_process")
    }
    return Set(found.map(\.process))
  }
}
