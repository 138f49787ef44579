// Compiled as a user's program is, which sees only what is public: every type of the library has a name here.
import Shoal

func names(
  _: Address, _: Chunking, _: CloseReason, _: CloseReason.Kind, _: CongestionAlgorithm, _: Cut, _: Destination,
  _: Digest, _: Download, _: Download.Updates, _: Download.Updates.Iterator, _: DownloadProgress,
  _: DownloadProgress.Phase, _: DownloadStream, _: DownloadStream.Iterator, _: FoundFile, _: LinkSpec, _: LookupResult,
  _: Lie, _: LookupResult.Holder, _: Peer, _: Peer.Limits, _: Peer.Options, _: PeerEvent, _: PeerStatistics,
  _: RepeatMode, _: Share,
  _: ShoalError, _: ShoalError.Code, _: ShoalError.Option, _: ShoalError.Remedy, _: Ticket, _: Tracker,
  _: Tracker.Options, _: TrackerEvent, _: TrackerEvent.Request, _: TrackerRefusal,
  _: FolderListing, _: FolderListing.Entry, _: FolderListing.Entry.Kind, _: Share.Omission
) {}

/// What is thrown is one type, and says so.
func throwing(_ peer: Peer) async throws(ShoalError) {
  let link = try LinkSpec("loss=5%,delay=10ms")
  var options = Peer.Options(listen: "127.0.0.1:0")
  (options.link, options.arq, options.congestion) = (link, .goBackN, .cubic)
  (options.window, options.mtu, options.memory) = (1_024, 1_400, 8 << 20)
  (options.capture, options.qlog, options.force) = ("a.pcapng", "a.qlog", true)
  let other = try Peer.start(options)
  try await other.add(tracker: "127.0.0.1:7400")
  let share = try await other.share("film.mkv", chunking: .count(20)) { hashed, total in print(hashed, total) }
  let (id, cut): (Digest, Cut) = (share.id, share.cut)
  let ticket = try Ticket("\(share.ticket)")
  let download = try await peer.download(ticket, to: .file("copy.mkv"), force: true, wait: .seconds(10))
  let done = try await download.value
  let elapsed: Duration = done.elapsed
  let origin: Address? = done.from.keys.first
  for try await slice in try await peer.stream(ticket) { print(slice.count) }
  let bytes: [UInt8] = try await peer.fetch(ticket, upTo: 1_000)
  let found: [FoundFile] = try await peer.find(name: "film.mkv")
  let holders = try await peer.lookup(id: id, chunk: 3).peers
  let chunks: RangeSet<Int>? = holders.first?.chunks
  _ = try await peer.share(bytes, name: "bytes")
  _ = try await peer.share(reading: AsyncStream<[UInt8]> { $0.finish() }, name: "stream")
  print(cut.size, elapsed, origin ?? peer.address, found.count, chunks ?? [], await peer.shares, await peer.downloads)
  await share.stop()
  await download.remove()
  await other.close()
}

/// An actor's state may be used where a peer runs.
@MainActor final class Window {
  var title = ""

  func show(_ ticket: Ticket) async throws {
    try await Peer.run { peer in
      title = "\(peer.address)"
      let download = try await peer.download(ticket, to: .nowhere)
      for try await progress in download.progress { title = progress.name ?? "\(progress.id)" }
    }
  }
}
