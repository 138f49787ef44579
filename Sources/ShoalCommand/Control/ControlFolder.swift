import Shoal
import ShoalBase
import ShoalTerminal
import ShoalTransport

/// The folder of control sockets, one for each shoal process of this user; nobody else can enter it.
struct ControlFolder {
  let path: String

  /// `$XDG_RUNTIME_DIR/shoal`, or a private folder in `/tmp`.
  init(runtime: String = SystemCall.environment("XDG_RUNTIME_DIR")) {
    let isThere = (try? FileSystem.status(runtime))??.kind == .directory
    path = !runtime.isEmpty && isThere ? "\(runtime)/shoal" : "/tmp/shoal-\(OwnFolder.user)"
  }

  /// Opens a socket for this process, and removes those of processes that are gone.
  func listen(as process: Int32 = OwnFolder.process) throws(SystemError) -> (socket: StreamSocket, path: String) {
    try OwnFolder.make(path)
    _ = try processes()
    let own = "\(path)/\(process).sock"
    // An earlier process with this number may have left it.
    SystemCall.remove(own)
    return (try StreamSocket.listen(at: own), own)
  }

  /// A connection to each running process. The sockets of processes that are gone are removed.
  func processes() throws(SystemError) -> [(process: String, socket: StreamSocket)] {
    do { try OwnFolder.check(path) } catch {
      if error.isMissing { return [] }
      throw error
    }
    var found: [(process: String, socket: StreamSocket)] = []
    for entry in OwnFolder.entries(path) where entry.hasSuffix(".sock") {
      let name = String((entry.split(separator: "/").last ?? "").dropLast(5))
      do {
        if let socket = try StreamSocket.connect(to: entry) {
          found.append((name, socket))
        } else {
          SystemCall.remove(entry)
        }
      } catch { continue }
    }
    return found
  }
}

/// Sends requests to the processes of this user.
struct ControlClient {
  let folder: ControlFolder

  /// A process's answer; its first line says whether the request succeeded.
  struct Answer {
    let process: String
    let isDone: Bool
    let text: String
  }

  /// The answers of all processes to a request.
  func ask(_ request: String, of only: Set<String>? = nil) async throws -> [Answer] {
    try await withThrowingTaskGroup(of: Answer?.self) { group in
      for (process, socket) in try folder.processes() where only?.contains(process) != false {
        group.addTask { try await waiting { ControlClient.ask(request, process, socket) } }
      }
      var answers: [Answer] = []
      for try await answer in group { if let answer { answers.append(answer) } }
      return answers.sorted { (Int($0.process) ?? 0, $0.process) < (Int($1.process) ?? 0, $1.process) }
    }
  }

  private static func ask(_ request: String, _ process: String, _ socket: StreamSocket) -> Answer? {
    let deadline = SystemClock.now() + 10 * .second
    guard socket.write(Array("\(request)\n".utf8), until: deadline),
      let bytes = socket.read(most: ControlClient.most, until: deadline, { _ in false })
    else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    let first = text.prefix { $0 != "\n" }
    return Answer(process: process, isDone: first == "ok", text: String(text.dropFirst(first.count + 1)))
  }

  /// The most bytes of an answer.
  private static let most = 16 << 20
}
