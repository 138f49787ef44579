import Glibc
import ShoalContent
import ShoalStore
import ShoalSwarm
import ShoalTransport
import ShoalWire

extension PeerLoop {
  /// Handles the events of the swarm and the disk; `datagram` is the one that the swarm was just given.
  func takeEvents(_ datagram: Span<UInt8> = Span()) {
    while true {
      while let event = swarm.nextEvent() { take(event, datagram) }
      guard let event = disk.nextEvent() else { return }
      take(event)
    }
  }

  private func take(_ event: SwarmEvent, _ datagram: Span<UInt8>) {
    switch event {
    case .block(let key, let piece, let offset, let content):
      disk.place(key, piece, offset, datagram.extracting(content.offset..<content.end))
    case .held(let key, let piece, let offset, let bytes): disk.place(key, piece, offset, bytes.span)
    case .pieceGathered(let key, let piece): disk.settle(key, piece, isBusy: port.isBusy)
    case .pieceDropped(let key, let piece): disk.drop(key, piece)
    case .wanted(let read, let key, let offset, let length):
      disk.read(read, key, offset: offset, length: length) { [unowned self] in swarm.isReading(read) }
    case .treeWanted(let read, let key, let offset, let length):
      disk.hashBlocks(read, key, offset: offset, length: length) { [unowned self] in swarm.isReading(read) }
    default: tell(event)
    }
  }

  private func take(_ event: DiskEvent) {
    switch event {
    case .stored(.prepared(let file, let have, let wasThere)):
      downloads[file]?.prepared(have: have, wasThere: wasThere, self)
    case .stored(.settled(let file, let piece, let isRight)):
      let key = FileKey(source: UInt32(file))
      if isRight, downloads[file]?.holds(piece, self) == true { return }
      let values = isRight ? [] : disk.blockValues(key, piece)
      swarm.pieceVerified(key, piece: piece, isRight: isRight, values: values, at: SystemClock.now())
    case .stored(.finished(let file)): downloads[file]?.finished(self)
    case .stored(.failed(let file, let failure)): downloads[file]?.fail(failure, self)
    case .stored(.recalled(let file, let manifest?)):
      swarm.recall(manifest, for: FileKey(source: UInt32(file)), at: SystemClock.now())
    case .stored(.journalSetAside(_, let path, let fault)): onPeerEvent?(.journalSetAside(path: path, fault.words))
    case .stored(.lost(let file, let pieces)):
      swarm.lost(pieces, of: FileKey(source: UInt32(file)), at: SystemClock.now())
    case .stored(.reserved(let file, let pieces)):
      swarm.reserve(pieces, of: FileKey(source: UInt32(file)), at: SystemClock.now())
    case .stored(.found(let file, let pieces)):
      swarm.found(pieces, of: FileKey(source: UInt32(file)), at: SystemClock.now())
    case .stored: break
    case .read(let read, let isReadable): swarm.readEnded(read, isReadable: isReadable, at: SystemClock.now())
    case .hashed(let read, let values): swarm.treeRead(read, values: values, at: SystemClock.now())
    case .checked(let key, let bytes): downloads[key.index]?.checked(bytes)
    case .changed(let key, let loss): withhold(key, loss)
    case .unreadable(let key, let path, let fault): withdraw(key, path, fault)
    }
  }

  /// Goes on serving a folder without what has changed in it.
  private func withhold(_ key: FileKey, _ loss: PackedFolder.Loss) {
    let others = loss.others > 0 ? " and \(loss.others) other\(loss.others > 1 ? "s" : "")" : ""
    let was = loss.others > 0 ? "were" : "was"
    guard swarm.withhold(loss.pieces, of: key, at: SystemClock.now()) else {
      let words = "\(loss.path)\(others) \(was) changed since hashing; share the folder again"
      return withdraw(key, loss.path, ShoalError(.changed, words))
    }
    let beside = loss.beside > 0 ? ", nor the \(loss.beside) small or neighbouring files in the same pieces" : ""
    let words =
      "\(loss.path)\(others) \(was) changed since hashing and cannot be served\(beside); the rest of the folder still is. "
      + "Share the folder again to serve what is there now"
    let id = identity(of: key)?.id ?? swarm.manifest(key)?.id
    if let id { onPeerEvent?(.withheld(id: id, path: loss.path, ShoalError(.changed, words))) }
  }

  /// Withdraws a file that is served but has changed, or can no longer be read.
  private func withdraw(_ key: FileKey, _ path: String, _ fault: ShoalError) {
    (shares[key.index], finishedDownloads[key.index]) = (nil, nil)
    if let listing = listings[key.index] {
      shares[listing.index] = nil
      withdrawLater(key)
    }
    if let download = downloads[key.index] {
      download.fail(fault, self)
    } else if let manifest = swarm.manifest(key) {
      onPeerEvent?(.withdrawn(id: identity(of: key)?.id ?? manifest.id, path: path, fault))
    }
    let reason = fault.code == .changed ? "the file was changed" : "the file cannot be read"
    swarm.withdraw(key, reason, at: SystemClock.now())
  }

  /// Cuts a file into chunks, hashes it and serves it from then on; `file` is the open file, if there is one.
  func share(
    _ path: String, _ file: File?, _ chunking: Chunking, name: String, until flag: Flag,
    onProgress: @escaping @Sendable (UInt64, UInt64) -> Void,
    _ done: @escaping (Result<(Manifest, FileKey), ShoalError>) -> Void
  ) {
    disk.share(path, file, chunking, until: flag, progress: onProgress) { [unowned self] result in
      done(
        result.map { manifest, share in
          let key = swarm.share(manifest, name: name, at: SystemClock.now())
          disk.serve(share, manifest.cut, as: key)
          return (manifest, key)
        })
    }
  }

  var statistics: PeerStatistics {
    let counters = swarm.counters
    var result = PeerStatistics()
    result.sent = counters.sent
    result.bytesSent = counters.bytesSent
    result.received = counters.received
    result.bytesReceived = counters.bytesReceived
    result.retransmitted = counters.retransmitted
    result.lost = counters.lost
    result.corrupt = port.corrupt
    result.duplicate = counters.duplicate
    result.receivedRetransmitted = counters.receivedRetransmitted
    result.refused = port.refused
    result.lastRefusal = port.lastRefusal
    result.connections = swarm.connectionCount
    return result
  }

  /// The id and name under which the user knows a file: for the content of a folder, those of its listing. Nil for the
  /// listing itself, which is only a step towards the content.
  private func identity(of key: FileKey) -> (id: Digest, name: String)? {
    guard !listings.values.contains(key) else { return nil }
    let key = listings[key.index] ?? key
    return swarm.manifest(key).map { ($0.id, Ticket.plain(swarm.name(key))) }
  }

  /// Reports an event to whoever waits for it.
  private func tell(_ event: SwarmEvent) {
    let now = SystemClock.now()
    switch event {
    case .manifest(let key): downloads[key.index]?.manifestKnown(self)
    case .completed(let key): downloads[key.index]?.completed(self)
    case .connected(let address, let byPeer):
      follow(interfaceTowards: address, at: now)
      onPeerEvent?(.connected(address, byPeer: byPeer))
    case .disconnected(let address, let wasOpen, let code, let reason, let byPeer):
      if wasOpen {
        let isSilent = code == CloseCode.idle.rawValue && reason.isEmpty
        let words = isSilent ? port.refusal(towards: address) ?? "" : reason
        onPeerEvent?(.disconnected(address, CloseReason(code: code, words), byPeer: byPeer))
      } else if code != CloseCode.version.rawValue {
        names.doubt(address, at: now)
        onPeerEvent?(.unreachable(address, refusal: port.refusal(towards: address)))
      }
    case .otherVersion(let address, let versions):
      onPeerEvent?(.otherVersion(address, versions))
      for download in downloads.values { download.otherVersion(address, versions, self) }
    case .refused(let key, let address, _):
      if let id = swarm.manifest(key)?.id ?? downloads[key.index]?.id {
        onPeerEvent?(.refused(address, id: id))
      }
    case .distrusted(let key, let address, let lie):
      if let id = swarm.manifest(key)?.id ?? downloads[key.index]?.id {
        onPeerEvent?(.distrusted(address, id: id, lie))
      }
    case .served(let key, let address, let bytes):
      if let (id, name) = identity(of: key) { onPeerEvent?(.served(address, id: id, name: name, bytes: bytes)) }
    case .left(let key, let address, let bytes):
      if let (id, name) = identity(of: key) { onPeerEvent?(.left(address, id: id, name: name, bytes: bytes)) }
    case .pass(let address, let pass): newPasses[address] = pass
    case .tracker(let key, let event): tell(key, event, at: now)
    case .chunk, .block, .held, .pieceGathered, .pieceDropped, .wanted, .treeWanted: break
    }
  }
}
