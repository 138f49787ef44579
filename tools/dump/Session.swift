import Glibc
import ShoalCapture
import ShoalTerminal

/// Reads one capture and prints it.
struct Session: ~Copyable {
  private let console: Console
  private let most: Int
  private var dump: Dump
  private var shown = 0
  private var out = TextBuffer()

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
    var reader = DatagramReader(descriptor: descriptor)
    let failure = read(&reader)
    if file != "-" { close(descriptor) }
    flush()
    if let hidden = dump.hidden(others: reader.others, first: reader.firstOther) {
      console.note("shoal-dump: \(hidden)")
    }
    if let failure { console.error("\(name): \(failure.reason)") }
    if let failure = console.outputFailure {
      console.error(failure)
      return false
    }
    return failure == nil
  }

  private mutating func read(_ reader: inout DatagramReader) -> InputFailure? {
    do throws(InputFailure) {
      repeat {
        // Whoever watches a live capture sees each line before we wait for the next.
        flush()
        while var datagram = try reader.next() {
          guard dump.show(&datagram, to: &out) else { continue }
          shown += 1
          if out.count > 1 << 16 { flush() }
          if shown == most { return nil }
        }
      } while try reader.fill()
      return nil
    } catch { return error }
  }

  private mutating func flush() {
    if out.count > 0 { console.write(out.bytes) }
    out.removeAll()
  }
}
