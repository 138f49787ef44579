import ShoalBase
import ShoalCapture
import ShoalWire

/// The capture that an endpoint writes of its own traffic.
package struct CaptureFile: ~Copyable {
  private var writer: PcapngWriter
  private let file: File
  private var written = 0
  /// Why nothing more is captured.
  package private(set) var failure: SystemError?

  /// The bytes that are buffered before they are written: bounds memory, and keeps the number of system calls low.
  private static let buffer = 256 << 10

  /// Begins a capture; an existing file is an error unless it may be replaced.
  package init(_ path: String, replacing: Bool) throws(SystemError) {
    file = try File.create(path, existing: replacing ? .empty : .refuseContent)
    writer = PcapngWriter(application: "shoal \(shoalVersion)")
  }

  /// Adds a datagram; `wall` is in nanoseconds since 1970.
  package mutating func add(_ bytes: Span<UInt8>, from: Address, to: Address, outbound: Bool, wall: Nanoseconds) {
    guard failure == nil else { return }
    writer.datagram(
      from: from, to: to, payload: bytes, wallClockNanoseconds: UInt64(max(wall, 0)), outbound: outbound)
    if writer.bytes.count >= CaptureFile.buffer { flush() }
  }

  /// Writes the buffered records.
  package mutating func flush() {
    guard failure == nil, writer.bytes.count > 0 else { return }
    do throws(SystemError) {
      let count = writer.bytes.count
      try file.write(writer.bytes, at: written)
      written += count
      writer.discard(count)
    } catch { failure = error }
  }
}
