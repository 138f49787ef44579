import ShoalBase
import ShoalWire

// A peer that wants a file learns from HAVE how far along another is. One that has all of it wants nothing and hears
// nothing, so those that fetch from it tell it, and both ends can show their users the same.
extension Swarm {
  /// Tells those that give a file, and want nothing of it, how far along it is here.
  mutating func tellProgress(of file: FileKey, at now: Instant) {
    guard let download = files[file]?.download, let bytes = download.copy?.bytes,
      now - (download.progressToldAt ?? .zero) >= SwarmConstants.progressPause
    else { return }
    files[file]?.download?.progressToldAt = now
    for source in download.sources where source.toldProgress != bytes && links[source.link]?.serves(file) == false {
      tellProgress(of: file, to: source.link)
    }
    deliver(at: now)
  }

  /// Tells one that gives a file how far along it is here.
  mutating func tellProgress(of file: FileKey, to link: LinkKey) {
    guard let bytes = files[file]?.copy?.bytes, let source = files[file]?.download?.source(link),
      source.offeredAt != nil, let received = files[file]?.download?.received(from: source.address)
    else { return }
    _ = files[file]?.download?.update(link) { $0.toldProgress = bytes }
    resources.outbox.post(Progress(source.number, bytes: bytes, received: received), to: link)
  }

  /// Takes what a peer that fetches a file from here tells of it.
  mutating func take(_ progress: Progress, from link: LinkKey, at now: Instant) {
    guard let file = links[link]?.servedFile(progress.file), affords(SwarmConstants.rangeWork, link, at: now),
      let size = files[file]?.offered?.cut.size
    else { return }
    files[file]?.upload.note(progress, from: link, size: size)
  }
}

extension Progress {
  /// What a source is told of the file to which this number was given.
  init(_ number: UInt16, bytes: UInt64, received: UInt64) {
    self.init()
    (file, self.bytes, self.received) = (number, bytes, min(received, bytes))
  }
}

/// How far along a peer is with a file, as it says.
struct ToldProgress {
  /// The bytes that it has.
  var bytes: UInt64 = 0
  /// How many of them came from here.
  var received: UInt64 = 0
  /// Whether it has the whole file.
  var isWhole = false

  /// Takes what it tells next; older news may come later, and nobody has more than there is.
  mutating func take(_ progress: Progress, size: UInt64) {
    bytes = max(bytes, min(progress.bytes, size))
    received = max(received, min(progress.received, bytes))
    isWhole = bytes == size
  }
}
