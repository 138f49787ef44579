import ShoalContent
import ShoalWire

/// A number in hexadecimal.
func hex(_ value: UInt64, _ count: Int) -> String { zeros(String(value, radix: 16), count) }

/// A decimal number with leading zeros.
func digits(_ value: UInt64, _ count: Int) -> String { zeros(String(value), count) }

/// The first digits of a 64-bit id, for people.
func short(_ id: UInt64) -> String { hex(id >> 32, 8) }

/// Text padded to the width of a column, followed by at least one space.
func column(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.utf8.count))
}

private func zeros(_ text: String, _ count: Int) -> String {
  String(repeating: "0", count: max(0, count - text.utf8.count)) + text
}

extension CodeNames {
  /// The name of a value, or the number if it has none.
  func text(_ value: some UnsignedInteger) -> String { name(of: UInt64(value)) ?? "\(value)" }
}

/// Runs of numbers, `0-4,9`.
struct RunText {
  /// The most runs with which a line is still readable.
  static let most = 16
  private var parts: [String] = []
  private(set) var total: UInt64 = 0

  init() {}

  init(_ runs: [ChunkRun]) {
    for run in runs { add(first: run.first, count: run.count) }
  }

  /// Adds `count` numbers, at least one, from `first` on, modulo 2^32.
  mutating func add(first: UInt32, count: UInt32) {
    parts.append(count == 1 ? "\(first)" : "\(first)-\(first &+ count &- 1)")
    total += UInt64(count)
  }

  /// All runs.
  var whole: String { parts.joined(separator: ",") }
  /// As many runs as fit on a line.
  var brief: String {
    parts.count <= Self.most ? whole : parts.prefix(Self.most).joined(separator: ",") + ",..."
  }
}
