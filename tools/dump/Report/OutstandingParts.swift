/// What the numbers of a flow carry, until they are acknowledged.
struct OutstandingParts {
  private var parts: [Int64: [FilePart]] = [:]
  /// The number below which everything was taken.
  private var base: Int64 = 0

  /// Adds what a number carries. Anything beyond what a window holds is forgotten: the capture has no ACKs.
  mutating func insert(_ carried: [FilePart], _ number: Int64) {
    guard !carried.isEmpty, number >= base, parts.count < SentPackets.maximum else { return }
    parts[number] = carried
  }

  /// Takes out what the numbers below `next` carry.
  mutating func take(before next: Int64) -> [FilePart] {
    guard next > base else { return [] }
    defer { base = next }
    guard next - base > SentPackets.maximum else { return take(base..<next) }
    let numbers = parts.keys.filter { $0 < next }.sorted()
    return numbers.flatMap { parts.removeValue(forKey: $0) ?? [] }
  }

  /// Takes out what these numbers carry.
  mutating func take(_ numbers: Range<Int64>) -> [FilePart] {
    guard !parts.isEmpty else { return [] }
    return numbers.flatMap { parts.removeValue(forKey: $0) ?? [] }
  }
}
