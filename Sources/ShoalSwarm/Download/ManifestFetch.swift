import ShoalBase
import ShoalContent
import ShoalWire

/// A manifest on its way from one peer: first the proof of the size and a little more; the rest only once the size is
/// proven, so that a false size makes nobody reserve memory for it.
struct ManifestFetch {
  /// What is asked for before anything is proven, beyond the proof.
  static let unprovenBytes = 64 << 10
  /// How long the peer may take over these bytes before it is given up: one that sends a byte now and then makes no
  /// progress.
  static let patience: Nanoseconds = 5 * .second
  static let leastProgress = 4_096

  let id: Digest
  let cut: Cut
  /// The link over which it comes.
  let link: LinkKey
  private var bytes: [UInt8]
  private var received = RangeSet<Int>(limit: mostFragments)
  private var isProven = false
  private(set) var progressAt: Instant
  /// How much had come by then.
  private var progress = 0

  /// The outcome of a block.
  enum Outcome {
    case more
    /// The size is proven: this range is to be requested too.
    case request(RangeField)
    case complete(Manifest)
    /// It comes in more fragments than are kept.
    case failed
    /// It is not the manifest of that file.
    case wrong
  }

  init(id: Digest, cut: Cut, link: LinkKey, at now: Instant) {
    self.id = id
    self.cut = cut
    self.link = link
    progressAt = now
    bytes = Array(repeating: 0, count: min(cut.manifestLength, cut.proofLength + ManifestFetch.unprovenBytes))
  }

  /// What is requested at first.
  var firstRequest: RangeField { RangeField(offset: 0, length: UInt32(bytes.count)) }

  mutating func receive(_ block: Block, _ datagram: Span<UInt8>, at now: Instant) -> Outcome {
    guard block.offset < UInt64(bytes.count) else { return .more }
    let start = Int(block.offset)
    // Bytes beyond what was asked for are left out.
    let part = ByteRange(offset: block.content.offset, count: min(block.content.count, bytes.count - start))
    guard let new = received.insert(start..<start + part.count) else { return .failed }
    guard new > 0 else { return .more }
    if received.count - progress >= ManifestFetch.leastProgress {
      progress = received.count
      progressAt = now
    }
    var manifest = bytes.mutableSpan
    manifest.copy(datagram.extracting(part.offset..<part.end), to: start)
    if !isProven {
      guard let first = received.ranges.first, first.lowerBound == 0, first.upperBound >= cut.proofLength else {
        return .more
      }
      guard Manifest.proves(cut, id: id, bytes) else { return .wrong }
      isProven = true
      let missing = cut.manifestLength - bytes.count
      if missing > 0 {
        let rest = RangeField(offset: UInt64(bytes.count), length: UInt32(missing))
        bytes += Array(repeating: 0, count: missing)
        return .request(rest)
      }
    }
    guard received.count == cut.manifestLength else { return .more }
    return Manifest(id: id, cut: cut, proven: bytes).map(Outcome.complete) ?? .wrong
  }
}
