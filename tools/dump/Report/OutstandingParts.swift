/// What the packets of a flow carry, by their numbers, until they are acknowledged.
struct OutstandingParts {
  private var parts: [Int64: [FilePart]] = [:]
  /// The number below which everything has been taken out.
  private var base: Int64 = 0

  /// Adds what the packet with a number carries. If there are as many as a window holds already, it is ignored: the
  /// capture lacks ACKs.
  mutating func insert(_ carried: [FilePart], _ number: Int64) {
    guard !carried.isEmpty, number >= base, parts.count < SentPackets.maximum else { return }
    parts[number] = carried
  }

  /// Takes out what the packets with numbers below `next` carry.
  mutating func take(before next: Int64) -> [FilePart] {
    guard next > base else { return [] }
    defer { base = next }
    guard next - base > SentPackets.maximum else { return take(base..<next) }
    let numbers = parts.keys.filter { $0 < next }.sorted()
    return numbers.flatMap { parts.removeValue(forKey: $0) ?? [] }
  }

  /// Takes out what the packets with these numbers carry.
  mutating func take(_ numbers: Range<Int64>) -> [FilePart] {
    guard !parts.isEmpty else { return [] }
    return numbers.flatMap { parts.removeValue(forKey: $0) ?? [] }
  }
}
