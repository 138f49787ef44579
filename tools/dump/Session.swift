import Glibc
import ShoalCapture
import ShoalTerminal

/// Reads one capture and prints it, holding a block of it at a time.
struct Session {
  private static let chunk = 1 << 18
  private let console: Console
  private let most: Int
  private var dump: Dump
  private var shown = 0
  private var pending = ""

  init(console: Console, options: DumpOptions) {
    self.console = console
    most = options.count
    dump = Dump(options: options, terminal: console.standardOutput)
  }

  /// Whether all of it could be read and written; if not, the reason was printed.
  consuming func run(_ file: String, input: Int32) -> Bool {
    let name = file == "-" ? "standard input" : escaped(file, asciiOnly: true)
    let descriptor = file == "-" ? input : open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      console.error("\(name): \(String(cString: strerror(errno)))")
      return false
    }
    let failure = read(descriptor)
    if file != "-" { close(descriptor) }
    flush()
    if let hidden = dump.hidden { console.note("shoal-dump: \(hidden)") }
    if let failure { console.error("\(name): \(failure)") }
    if let failure = console.outputFailure {
      console.error(failure)
      return false
    }
    return failure == nil
  }

  private mutating func read(_ descriptor: Int32) -> String? {
    var reader = CaptureReader()
    do throws(CaptureError) {
      while shown < most {
        while shown < most, let record = try reader.next() { show(record) }
        guard shown < most else { break }
        // Whoever watches a live capture sees each line before we wait for the next.
        flush()
        let room = reader.prepare(Self.chunk)
        let count = Glibc.read(descriptor, room.baseAddress, room.count)
        if count > 0 {
          reader.commit(count)
        } else if count == 0 {
          reader.finish()
          while shown < most, let record = try reader.next() { show(record) }
          break
        } else if errno != EINTR {
          return String(cString: strerror(errno))
        }
      }
    } catch { return "\(error)" }
    return nil
  }

  private mutating func show(_ record: CaptureRecord) {
    guard let text = dump.show(record) else { return }
    shown += 1
    pending += pending.isEmpty ? text : "\n" + text
    if pending.utf8.count > 1 << 16 { flush() }
  }

  private mutating func flush() {
    if !pending.isEmpty { console.print(pending) }
    pending = ""
  }
}
