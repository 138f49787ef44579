import Glibc
import ShoalBase
import ShoalCapture
import ShoalTerminal
import ShoalWire

/// `shoal-dump --hex`: decodes the hex dump of one datagram, or of a packet with one, on standard input.
struct HexCommand {
  /// What a hex dump of the largest datagram takes, several times over.
  private static let most = 1 << 20
  let console: Console
  let options: DumpOptions

  /// The options, of which only a few make sense for a single datagram.
  static func options(_ invocation: Invocation) throws(UsageError) -> DumpOptions {
    let options = try DumpOptions(invocation)
    if let other = ["write", "force", "qlog", "merge", "all", "count"].first(where: invocation.has) {
      throw UsageError("--hex: --\(other) does not apply to one datagram; leave it out")
    }
    guard options.filters.filter.isEmpty, options.filters.assertions.isEmpty else {
      throw UsageError("--hex: filters and assertions do not apply to one datagram; leave them out")
    }
    return options
  }

  func run(input: Int32) -> Bool {
    let text: String?
    do throws(InputFailure) { text = try Self.read(input) } catch {
      console.error("standard input: \(error.reason)", code: error.code)
      return false
    }
    guard let text, let bytes = HexText.bytes(text) else {
      console.error(
        "standard input: not a hex dump of one datagram: write digits, as xxd or tcpdump -x print them",
        code: "format")
      return false
    }
    return show(Bytes(bytes))
  }

  private func show(_ bytes: Bytes) -> Bool {
    guard var datagram = Self.datagram(in: bytes) else {
      console.error(
        "standard input: these \(bytes.count) bytes are neither a Shoal datagram nor an IP packet with one",
        code: "format")
      return false
    }
    var analyzer = Analyzer()
    let seen = analyzer.observe(&datagram)
    if !options.isQuiet { write(datagram, seen) }
    let isWhole = datagram.verdict == .ok && seen.fault == nil
    if !isWhole { console.failure("the datagram is corrupt", code: "corrupt") }
    return isWhole
  }

  private func write(_ datagram: Datagram, _ seen: Observation) {
    var out = TextBuffer(capacity: 1 << 12)
    if options.isJSON {
      JSONLine.write(datagram, seen, to: &out)
    } else {
      let line = TextLine(usesColor: console.standardOutput.usesColor, clock: Clock(style: .relative))
      line.writeBody(datagram, seen, to: &out)
      for line in FieldTable(datagram, seen).lines {
        out.append("\n")
        out.append(line)
      }
      if options.showsBytes { ByteTable.write(datagram, to: &out) }
    }
    out.append("\n")
    out.read { console.write($0) }
  }

  /// The bytes are a Shoal datagram, or an IP packet, or an Ethernet frame.
  private static func datagram(in bytes: Bytes) -> Datagram? {
    for linkType in [LinkType.raw, .ethernet, .linuxCooked, .linuxCooked2] {
      guard let frame = try? IPFrame.parse(linkType: linkType, bytes: bytes.span, verifying: false) else { continue }
      let payload = bytes.slice(frame.payload)
      let length = max(frame.udpLength - 8, payload.count)
      let datagram = Datagram(from: frame.source, to: frame.destination, payload: payload, length: length)
      if datagram.isOurs { return datagram }
    }
    let nowhere = Address(ipv4: 0, port: 0)
    let datagram = Datagram(from: nowhere, to: nowhere, payload: bytes, length: bytes.count)
    return datagram.isOurs ? datagram : nil
  }

  /// Reads the input; nil if it is too long, or is not text.
  private static func read(_ input: Int32) throws(InputFailure) -> String? {
    var bytes = [UInt8](repeating: 0, count: most)
    var count = 0
    while count < most {
      var span = bytes.mutableSpan
      var room = span._mutatingExtracting(count...)
      let got = Descriptor.read(from: input, into: &room)
      if got == 0 { break }
      if got > 0 { count += got } else if errno != EINTR { throw InputFailure(reason: systemError()) }
    }
    return count == most ? nil : String(validating: bytes[..<count], as: UTF8.self)
  }
}
