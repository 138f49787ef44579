import Glibc
import ShoalCapture
import ShoalTerminal

/// Writes datagrams to a pcapng file, with what is remarkable about them as comments that Wireshark shows.
final class CaptureOutput {
  private let name: String
  private let descriptor: Int32
  private var writer = PcapngWriter(application: "shoal-dump", describesInterface: false)
  /// The number of each interface in the output.
  private var interfaces: [UInt64: Int] = [:]
  private var comment = TextBuffer(capacity: 256)
  private(set) var count: UInt64 = 0

  /// Makes the file, which must not be one of the inputs; `-` is standard output.
  init(
    _ path: String, output: Int32, existing: OutputFile.Existing, inputs: [FileIdentity]
  ) throws(InputFailure) {
    name = path == "-" ? "standard output" : escaped(path, asciiOnly: true)
    descriptor = path == "-" ? dup(output) : try OutputFile.open(path, existing: existing, inputs: inputs)
    guard descriptor >= 0 else { throw InputFailure(reason: "\(name): \(systemError())") }
  }

  deinit { close(descriptor) }

  /// Adds a datagram, from the frame in which it was captured.
  func add(
    _ datagram: Datagram, _ seen: Observation, _ reader: borrowing DatagramReader
  ) throws(InputFailure) {
    let interface = interface(reader.frame?.interface ?? 0, reader.interfaceName)
    comment.removeAll()
    // That a datagram is a reply is not worth a comment by itself.
    if seen.marks.rawValue != 0, seen.marks != MarkSet(.reply) {
      MarkText.write(datagram, seen, seen.fault, to: &comment)
    }
    let text = comment.count > 0 ? comment.text : nil
    count += 1
    if datagram.part == 0, let packet = reader.packet {
      writer.packet(
        packet.span, originalLength: packet.count + datagram.length - datagram.bytes.count,
        wallClockNanoseconds: datagram.wallTime ?? 0, direction: datagram.direction, comment: text,
        interface: interface)
    } else {
      writer.datagram(
        from: datagram.source, to: datagram.destination, payload: datagram.bytes.span,
        wallClockNanoseconds: datagram.wallTime ?? 0, outbound: datagram.direction.map { $0 == .outbound },
        comment: text,
        interface: interface)
    }
    if writer.bytes.count > 1 << 18 { try flush() }
  }

  /// The number of an interface, which is described when it is first needed.
  private func interface(_ key: UInt64, _ name: @autoclosure () -> String?) -> Int {
    if let index = interfaces[key] { return index }
    let index = writer.addInterface(name: name())
    interfaces[key] = index
    return index
  }

  /// Ends the file, which has an interface even if nothing passed it.
  func finish() throws(InputFailure) {
    if writer.interfaces == 0 { writer.addInterface(name: nil) }
    try flush()
  }

  /// Writes what is pending.
  private func flush() throws(InputFailure) {
    while writer.bytes.count > 0 {
      let written = Descriptor.write(writer.bytes, to: descriptor)
      if written > 0 {
        writer.discard(written)
      } else if errno != EINTR {
        throw InputFailure(reason: "\(name): \(systemError())")
      }
    }
  }
}
