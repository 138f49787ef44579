import Foundation
import ShoalCapture
import ShoalContent
import ShoalWire

@testable import shoal_dump

let alice = Address(ipv4: 0x0a00_0002, port: 7_402)
let bob = Address(ipv4: 0x0a00_0001, port: 7_401)
let tracker = Address(ipv4: 0x0a00_0001, port: 7_400)

/// A capture being made, a millisecond from one datagram to the next unless told otherwise.
final class TestCapture {
  private var writer = PcapngWriter()
  private var time: UInt64 = 1_795_356_194_802_123_456

  func add(
    _ datagram: [UInt8], from: Address = alice, to: Address = bob, after microseconds: UInt64 = 1_000,
    outbound: Bool? = true
  ) {
    time += microseconds * 1_000
    datagram.withUnsafeBytes {
      _ = writer.datagram(from: from, to: to, payload: $0, wallClockNanoseconds: time, outbound: outbound)
    }
  }

  func add(
    _ packet: some Packet, connection: UInt64 = 0xa31f_09bc_7710_e2d4, from: Address = alice, to: Address = bob,
    after microseconds: UInt64 = 1_000
  ) throws {
    add(try packet.datagram(connection: connection), from: from, to: to, after: microseconds)
  }

  var bytes: [UInt8] { [UInt8](writer.bytes) }
}

/// What a run of the program left behind.
struct Outcome {
  var status: Int32
  var output: String
  var error: String
  var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }
  /// The lines without number, time and flow, which have the same length in most tests.
  var packets: [String] { lines.map { String($0.dropFirst("   1  0.000000 10.0.0.2:7402 > 10.0.0.1:7401 ".count)) } }
}

/// Runs the program on a file with these bytes.
func inspect(_ bytes: [UInt8], _ options: String...) throws -> Outcome { try inspect(bytes, options: options) }

/// Runs the program on a file with these bytes.
func inspect(_ bytes: [UInt8], options: [String]) throws -> Outcome {
  let file = FileManager.default.temporaryDirectory.appending(path: "dump-\(UUID()).pcapng")
  try Data(bytes).write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  return try run([file.path] + options)
}

/// Runs a subcommand on a file with these bytes.
func inspect(by subcommand: String, _ bytes: [UInt8], _ options: String...) throws -> Outcome {
  let file = FileManager.default.temporaryDirectory.appending(path: "dump-\(UUID()).pcapng")
  try Data(bytes).write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  return try run([subcommand, file.path] + options)
}

/// Runs the program on a file with these bytes; its status and the bytes that it writes to standard output.
func inspectBytes(_ bytes: [UInt8], _ options: [String]) throws -> (status: Int32, output: [UInt8]) {
  let folder = try temporaryFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  let (file, output) = (folder.appending(path: "a.pcapng"), folder.appending(path: "output"))
  try Data(bytes).write(to: file)
  try Data().write(to: output)
  let handle = try FileHandle(forUpdating: output)
  let status = ShoalDump.run([file.path] + options + ["-q"], output: handle.fileDescriptor)
  return (status, [UInt8](try Data(contentsOf: output)))
}

/// A new empty folder.
func temporaryFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.appending(path: "dump-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}

/// Runs the program.
func run(_ words: [String], input: [UInt8] = []) throws -> Outcome {
  let folder = try temporaryFolder()
  defer { try? FileManager.default.removeItem(at: folder) }
  let files = ["input", "output", "error"].map { folder.appending(path: $0) }
  for file in files { try Data(file == files[0] ? input : []).write(to: file) }
  let handles = try files.map { try FileHandle(forUpdating: $0) }
  let status = ShoalDump.run(
    words, input: handles[0].fileDescriptor, output: handles[1].fileDescriptor, error: handles[2].fileDescriptor)
  return Outcome(
    status: status, output: try String(contentsOf: files[1], encoding: .utf8),
    error: try String(contentsOf: files[2], encoding: .utf8))
}

/// The start of a pcap file; 101 is raw IP.
func pcapHeader(linkType: UInt32) -> [UInt8] {
  ([0xa1b2_c3d4, 0x0002_0004, 0, 0, 65_535, linkType] as [UInt32]).flatMap(bigEndian)
}

/// A record of a pcap file: a datagram of which the first bytes were captured.
func pcapRecord(_ payload: [UInt8], cutTo count: Int) -> [UInt8] {
  let capture = TestCapture()
  capture.add(payload)
  var reader = CaptureReader()
  capture.bytes.withUnsafeBytes { reader.feed($0) }
  guard let packet = (try? reader.next())?.map({ [UInt8]($0.bytes) }) else { return [] }
  let lengths: [UInt32] = [1_700_000_000, 0, UInt32(28 + count), UInt32(packet.count)]
  return lengths.flatMap(bigEndian) + packet[..<(28 + count)]
}

private func bigEndian(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.bigEndian) { [UInt8]($0) } }

/// A DATA datagram with these messages.
func data(_ sequence: UInt32, attempt: UInt8 = 0, _ messages: [UInt8]...) throws -> [UInt8] {
  var packet = DataPacket()
  (packet.sequence, packet.attempt) = (sequence, attempt)
  return sealed(try packet.datagram(connection: 0x77) + messages.joined())
}

/// A BLOCK of zeros.
func block(file: UInt16 = 0, offset: UInt64, count: Int, space: ContentSpace = .content) throws -> [UInt8] {
  var block = Block()
  (block.file, block.offset, block.space) = (file, offset, space.rawValue)
  var bytes = [UInt8](repeating: 0, count: Block.overhead + count)
  var span = bytes.mutableSpan
  _ = try block.encode(into: span.mutableBytes, contentLength: count)
  return bytes
}

/// The datagram with its checksum filled in.
func sealed(_ datagram: [UInt8]) -> [UInt8] {
  var datagram = datagram
  datagram.withUnsafeMutableBytes { ShoalWire.Datagram.seal($0) }
  return datagram
}

/// The digest 6b0c12d4…
let film = Digest([0x6b, 0x0c, 0x12, 0xd4] + [UInt8](repeating: 7, count: 28))!
