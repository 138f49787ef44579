import Shoal
import ShoalBase
import ShoalTerminal
import ShoalTransport

/// Where the processes of this user can be asked how they stand: a folder that nobody else can enter, with a socket for
/// each process.
struct ControlFolder {
  let path: String

  /// `$XDG_RUNTIME_DIR/shoal`, or a private folder in `/tmp`.
  init(runtime: String = SystemCall.environment("XDG_RUNTIME_DIR")) {
    let isThere = (try? FileSystem.status(runtime))??.kind == .directory
    path = !runtime.isEmpty && isThere ? "\(runtime)/shoal" : "/tmp/shoal-\(OwnFolder.user)"
  }

  /// A socket for this process. What others have left behind is removed.
  func listen(as process: Int32 = OwnFolder.process) throws(SystemError) -> (socket: StreamSocket, path: String) {
    try OwnFolder.make(path)
    _ = try processes()
    let own = "\(path)/\(process).sock"
    // A process of this number that is gone may have left it.
    SystemCall.remove(own)
    return (try StreamSocket.listen(at: own), own)
  }

  /// A connection to each process that can be asked. The socket of one that is gone is removed.
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

/// Asks the processes of this user.
struct ControlClient {
  let folder: ControlFolder

  /// What a process said: the first word tells whether it did what it was asked to.
  struct Answer {
    let process: String
    let isDone: Bool
    let text: String
  }

  /// What every process that answers says to a request.
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
