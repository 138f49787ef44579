import Glibc
import ReportPage
import ShoalTerminal
import ShoalWire

/// `shoal-dump report`: one HTML file that shows what happened.
struct ReportCommand {
  static let table = Command(
    "report", "Draw a capture as one HTML file: what was sent, lost, repeated and acknowledged.",
    examples: ["shoal-dump report a.pcapng -o report.html", "shoal-dump report a.pcapng --svg graphs"],
    arguments: [Argument("file", "Capture to read, pcapng or pcap; - for standard input.", completes: .files)],
    groups: [
      OptionGroup(
        "OPTIONS",
        [
          Option(
            "output", "HTML file to write; - for standard output. (default: report.html)", short: "o", value: "file",
            completes: .files),
          .color,
        ])
    ])

  private let console: Console
  private let file: String
  private let output: String

  init(_ invocation: Invocation, console: Console) {
    self.console = console
    file = invocation["file"].text
    output = invocation.first("output")?.text ?? "report.html"
  }

  /// Whether all of it could be read and written; if not, the reason was printed.
  func run(input: Int32) -> Bool {
    let name = file == "-" ? "standard input" : escaped(file, asciiOnly: true)
    let descriptor = file == "-" ? input : open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      console.error("\(name): \(String(cString: strerror(errno)))")
      return false
    }
    defer { if file != "-" { close(descriptor) } }
    var data = ReportData()
    let failure = Self.read(descriptor, into: &data)
    // What can be read is drawn, then the reason is told.
    guard data.count > 0 || failure == nil else {
      console.error("\(name): \(failure!.reason)")
      return false
    }
    let title = file == "-" ? name : String(file.split(separator: "/").last ?? "")
    guard write(Self.page(data.json(file: title))) else { return false }
    if let failure { console.error("\(name): \(failure.reason)") }
    return failure == nil
  }

  private static func read(_ descriptor: Int32, into data: inout ReportData) -> InputFailure? {
    var reader = DatagramReader(descriptor: descriptor)
    do throws(InputFailure) {
      repeat {
        while var datagram = try reader.next() { data.observe(&datagram) }
      } while try reader.fill()
      return nil
    } catch { return error }
  }

  /// The page around its data; `<` is written as an escape, so that no name ends the script.
  static func page(_ json: JSON) -> [UInt8] {
    var page = ReportPage.head
    var text = json.description
    text.withUTF8 { bytes in
      page.reserveCapacity(page.count + bytes.count + ReportPage.tail.count + 64)
      for byte in bytes {
        if byte == UInt8(ascii: "<") { page += Array("\\u003c".utf8) } else { page.append(byte) }
      }
    }
    return page + ReportPage.tail
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    if output == "-" {
      bytes.withUnsafeBytes { console.write($0) }
      if let failure = console.outputFailure { console.error(failure) }
      return console.outputFailure == nil
    }
    guard Self.write(bytes, to: output) else {
      console.error("\(escaped(output, asciiOnly: true)): \(String(cString: strerror(errno)))")
      return false
    }
    console.note("shoal-dump: wrote \(escaped(output, asciiOnly: true)), \(Units.bytes(UInt64(bytes.count)))")
    return true
  }

  static func write(_ bytes: [UInt8], to path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return false }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        close(descriptor)
        return false
      }
      rest = rest.dropFirst(count)
    }
    return close(descriptor) == 0
  }
}
