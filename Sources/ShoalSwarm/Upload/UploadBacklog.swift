import ShoalBase
import ShoalTransport
import ShoalWire

/// What one peer has requested and the transport does not have yet.
struct UploadBacklog {
  var connection: ConnectionID?
  /// In the order of the requests, from `head` on: most are taken from the front.
  private var ranges: [Payload] = []
  private var head = 0
  /// The rest of the piece that is being handed over.
  private(set) var current: Payload?
  /// The bytes that it was given, but at least as many as the others had been given when it came.
  var virtualTime = 0.0
  /// Whether it gives us something too.
  var gives = false
  /// How much more it is given for that: a peer that gives something probably passes on what it gets to others too.
  var weight: Double { gives ? 4 : 1 }
  /// Whether the transport holds bytes for it, and how many were handed over in this turn.
  var isActive = false
  var inTurn = 0
  /// The bytes handed over that are still being read.
  var reading = 0
  /// The bytes that had not left at the last review, and since when that number has not fallen.
  private var unsent = 0
  private(set) var unsentSince = Instant.zero

  var isWaiting: Bool { current != nil || head < ranges.count }
  var count: Int { ranges.count - head + (current == nil ? 0 : 1) }
  /// The next few ranges, with their places.
  var first: Zip2Sequence<Range<Int>, ArraySlice<Payload>> {
    let end = min(head + UploadBacklog.lookedAt, ranges.count)
    return zip(head..<end, ranges[head..<end])
  }

  mutating func append(_ range: Payload) { ranges.append(range) }

  /// Puts parts in place of each range.
  mutating func change(_ parts: (Payload) -> [Payload]) {
    ranges = ([current].compactMap { $0 } + ranges[head...]).flatMap(parts)
    (current, head) = (nil, 0)
  }

  /// Begins the piece at the start of the range at a place.
  mutating func begin(_ place: Int, until end: UInt64) {
    var piece = ranges[place]
    let length = Int(min(UInt64(piece.length), end - piece.offset))
    if length < piece.length {
      ranges[place].offset += UInt64(length)
      ranges[place].length -= length
      piece.length = length
    } else if place == head {
      head += 1
      if 2 * head > ranges.count {
        ranges.removeFirst(head)
        head = 0
      }
    } else {
      ranges.remove(at: place)
    }
    current = piece
  }

  /// Takes at most this much of the piece that was begun.
  mutating func take(_ most: Int) -> Payload {
    guard var part = current else { return .empty }
    if part.length > most {
      current?.offset += UInt64(most)
      current?.length -= most
      part.length = most
    } else {
      current = nil
    }
    inTurn += part.length
    reading += part.length
    return part
  }

  /// Notes how many of the bytes handed over have not left.
  mutating func note(unsent: Int, at now: Instant) {
    guard unsent != self.unsent else { return }
    (self.unsent, unsentSince) = (unsent, now)
  }

  private static let lookedAt = 64
}

/// The backlogs of all links.
struct UploadBacklogs {
  private var places: [UploadBacklog] = []

  /// Whether anything was ever requested on this link, or on an earlier one in its place.
  func knows(_ link: LinkKey) -> Bool { link.index < places.count }

  mutating func makeRoom(for link: LinkKey) {
    while !knows(link) { places.append(UploadBacklog()) }
  }

  /// The backlog of a link that is known.
  subscript(link: LinkKey) -> UploadBacklog {
    get { places[link.index] }
    _modify { yield &places[link.index] }
  }
}
