import Foundation
import ShoalCapture
import TestSupport
import Testing

@testable import shoal_dump

/// A real capture, damaged in every way in which a faulty or full disk can damage it: everything before the damage is
/// shown, and one line says where it is.
@Suite struct DamagedFileTests {
  private static let bytes: [UInt8] = {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Captures/trace.pcapng")
    return [UInt8]((try? Data(contentsOf: path)) ?? Data())
  }()

  /// Where the hundredth packet's block begins.
  private static let offset: Int = {
    var reader = CaptureReader()
    reader.feed(bytes.span)
    while let record = try? reader.next() { if record.number == 100 { return Int(record.offset) } }
    return 0
  }()

  struct Damage: CustomTestStringConvertible, Sendable {
    var name: String
    var reason: String
    /// Changes the bytes, given where the block begins.
    var change: @Sendable (inout [UInt8], Int) -> Void
    var testDescription: String { name }
  }

  private static func put(_ number: UInt32, _ bytes: inout [UInt8], _ offset: Int) {
    bytes.replaceSubrange(offset..<offset + 4, with: littleEndian(number))
  }

  static let damages = [
    Damage(name: "cut within the block's header", reason: "ends in the middle") { $0.removeSubrange(($1 + 6)...) },
    Damage(name: "cut within the packet", reason: "ends in the middle") { $0.removeSubrange(($1 + 100)...) },
    Damage(name: "cut before the last byte of the block", reason: "ends in the middle") { bytes, offset in
      let length = Int(bytes[offset + 4]) | Int(bytes[offset + 5]) << 8
      bytes.removeSubrange((offset + length - 1)...)
    },
    Damage(name: "a length of zero", reason: "impossible length 0") { put(0, &$0, $1 + 4) },
    Damage(name: "a length that is no multiple of four", reason: "impossible length 1235") { put(1_235, &$0, $1 + 4) },
    Damage(name: "a length of gigabytes", reason: "impossible length 4294967292") { put(4_294_967_292, &$0, $1 + 4) },
    Damage(name: "a length that is too short", reason: "ends with length") { put(64, &$0, $1 + 4) },
    Damage(name: "an interface that is not there", reason: "interface 9 was not described") { put(9, &$0, $1 + 8) },
    Damage(name: "a packet longer than its block", reason: "is more than the block holds") {
      put(99_999, &$0, $1 + 20)
    },
    Damage(name: "zeros, as a crash leaves them", reason: "impossible length 0") { bytes, offset in
      for index in offset..<bytes.count { bytes[index] = 0 }
    },
    Damage(name: "four bytes lost", reason: "") { $0.removeSubrange($1..<$1 + 4) },
    Damage(name: "a sector of another file", reason: "") { bytes, offset in
      bytes.replaceSubrange(offset..<offset + 512, with: (0..<512).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) })
    },
  ]

  @Test(arguments: damages) func shownUpToTheDamage(_ damage: Damage) throws {
    var bytes = Self.bytes
    damage.change(&bytes, Self.offset)
    let outcome = try inspect(bytes)
    #expect(outcome.status == 1 && outcome.lines.count == 99)
    let errors = outcome.error.split(separator: "\n").filter { $0.contains("error: ") }
    #expect(
      errors.count == 1 && errors[0].contains(": byte \(Self.offset): ")
        && (damage.reason.isEmpty || errors[0].contains(damage.reason)))
    for subcommand in ["stats", "follow"] {
      let outcome = try inspect(by: subcommand, bytes)
      #expect(outcome.status == 1 && outcome.error.contains(": byte \(Self.offset): "))
    }
  }
}
