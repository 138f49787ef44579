import ShoalBase
import ShoalCapture
import ShoalContent
import ShoalWire

/// Finds datagrams that a capture of several interfaces holds more than once: a host that forwards sees each one arrive
/// on one interface and leave on another, perhaps with addresses that a NAT has changed.
///
/// A datagram seen again on the same interface and in the same direction is something else: a duplicate.
struct Copies {
  /// The longest time, in nanoseconds, between the sightings of one datagram in two places: longer than any queue.
  private static let longest: UInt64 = 10_000_000_000
  /// The most datagrams that are remembered.
  private static let most = 1 << 16
  /// The most places that are distinguished.
  private static let mostPlaces = 16

  private struct Entry {
    var number: UInt64
    var time: UInt64?
    /// How many times it was seen in each place.
    var counts = SIMD16<UInt8>(repeating: 0)
  }
  private struct Place: Hashable {
    var interface: UInt64
    var direction: CaptureDirection?
  }

  /// A datagram seen while there was only one interface: the file may describe others later.
  private struct Sighting {
    var key: UInt64
    var number: UInt64
    var time: UInt64?
    var place: Place
  }
  /// The most of these that are remembered.
  private static let mostEarly = 1 << 12

  private var early: [Sighting] = []
  private var entries = Recent<UInt64, Entry>(capacity: most)
  private var places: [Place: Int] = [:]

  /// The number of the frame in which an intact datagram was seen earlier, elsewhere; nil if this is the first
  /// sighting.
  mutating func original(of datagram: Datagram, on interface: UInt64) -> UInt64? {
    guard datagram.isOurs, datagram.verdict == .ok else { return nil }
    if !early.isEmpty {
      for sighting in early { _ = original(of: sighting) }
      early = []
    }
    return original(of: sighting(datagram, interface))
  }

  /// Notes a datagram while there is only one interface.
  mutating func note(_ datagram: Datagram, on interface: UInt64) {
    guard early.count < Self.mostEarly, datagram.isOurs, datagram.verdict == .ok else { return }
    early.append(sighting(datagram, interface))
  }

  private func sighting(_ datagram: Datagram, _ interface: UInt64) -> Sighting {
    Sighting(
      key: datagram.identity, number: datagram.number, time: datagram.time,
      place: Place(interface: interface, direction: datagram.direction))
  }

  private mutating func original(of sighting: Sighting) -> UInt64? {
    let place = index(sighting.place)
    if var entry = entries[sighting.key], isRecent(entry.time, sighting.time) {
      let isCopy = entry.counts[place] < entry.counts.max()
      entry.counts[place] = min(entry.counts[place], 254) + 1
      if !isCopy { (entry.number, entry.time) = (sighting.number, sighting.time) }
      entries.insert(entry, for: sighting.key)
      return isCopy ? entry.number : nil
    }
    var entry = Entry(number: sighting.number, time: sighting.time)
    entry.counts[place] = 1
    entries.insert(entry, for: sighting.key)
    return nil
  }

  private mutating func index(_ place: Place) -> Int {
    if let index = places[place] { return index }
    let index = min(places.count, Self.mostPlaces - 1)
    if places.count < Self.mostPlaces { places[place] = index }
    return index
  }

  private func isRecent(_ earlier: UInt64?, _ now: UInt64?) -> Bool {
    guard let earlier, let now else { return true }
    return max(earlier, now) - min(earlier, now) <= Self.longest
  }
}

extension Datagram {
  /// What identifies a Shoal datagram, whatever its addresses: the connection and the checksum, which covers everything
  /// else, including its timestamp; 0 if there is no header.
  var identity: UInt64 {
    guard bytes.count >= Limits.headerLength else { return 0 }
    let header = Header.peek(bytes.span)
    return mix(header.connection, UInt64(header.checksum))
  }
}

/// A hash of two numbers (the finaliser of SplitMix64), never 0.
func mix(_ first: UInt64, _ second: UInt64) -> UInt64 {
  var value = first &+ second &* 0x9e37_79b9_7f4a_7c15
  value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
  value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
  return (value ^ value >> 31) | 1
}
