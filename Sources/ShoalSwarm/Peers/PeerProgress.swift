import ShoalBase
import ShoalWire

// HAVE does not say how much of a file a peer has, since nobody is told of what he has himself. So peers send PROGRESS to
// those from which they fetch, and both ends can show their users the same.
extension Swarm {
  /// Sends PROGRESS to the sources of a file.
  mutating func tellProgress(of file: FileKey, at now: Instant) {
    guard let download = files[file]?.download, let bytes = download.copy?.bytes,
      now - (download.progressToldAt ?? .zero) >= SwarmConstants.progressPause
    else { return }
    files[file]?.download?.progressToldAt = now
    for source in download.sources where source.reportedProgress != bytes {
      tellProgress(of: file, to: source.link)
    }
    deliver(at: now)
  }

  /// Sends PROGRESS to one source.
  mutating func tellProgress(of file: FileKey, to link: LinkKey) {
    guard let bytes = files[file]?.copy?.bytes, let source = files[file]?.download?.source(link),
      source.offeredAt != nil, let received = files[file]?.download?.received(from: source.address)
    else { return }
    _ = files[file]?.download?.update(link) { $0.reportedProgress = bytes }
    resources.outbox.post(Progress(source.number, bytes: bytes, received: received), to: link)
  }

  /// Takes PROGRESS from a peer that fetches a file from here.
  mutating func take(_ progress: Progress, from link: LinkKey, at now: Instant) {
    guard let file = links[link]?.servedFile(progress.file), affords(SwarmConstants.rangeWork, link, at: now),
      let size = files[file]?.offered?.cut.size
    else { return }
    files[file]?.upload.note(progress, from: link, size: size)
  }
}

extension Progress {
  /// The message for a source, about the file that has this number.
  init(_ number: UInt16, bytes: UInt64, received: UInt64) {
    self.init()
    (file, self.bytes, self.received) = (number, bytes, min(received, bytes))
  }
}

/// How much a peer has of a file, by its own account.
struct ReportedProgress {
  /// The bytes that it has.
  var bytes: UInt64 = 0
  /// How many of them came from here.
  var received: UInt64 = 0
  /// Whether it has the whole file.
  var isWhole = false

  /// Takes the next message. It may be older than one before it, and may claim more than there is.
  mutating func take(_ progress: Progress, size: UInt64) {
    bytes = max(bytes, min(progress.bytes, size))
    received = max(received, min(progress.received, bytes))
    isWhole = bytes == size
  }
}
