import Glibc
import ShoalContent
import ShoalSwarm
import ShoalTransport
import ShoalWire

extension NodeLoop {
  /// Takes what the swarm has to tell; `datagram` is the one that it was just handed.
  func takeEvents(_ datagram: UnsafeRawBufferPointer?) {
    while let event = swarm.nextEvent() {
      switch event {
      case .block(let key, let piece, let offset, let content):
        guard let datagram, let file = files[key.index] else { continue }
        let bytes = UnsafeRawBufferPointer(rebasing: datagram[content.offset..<content.end])
        file.place(piece, offset, bytes, &buffers)
      case .pieceGathered(let key, let piece): settle(piece, key)
      case .pieceDropped(let key, let piece): if let buffer = files[key.index]?.take(piece) { buffers.give(buffer) }
      default: tell(event)
      }
    }
  }

  /// Copies the bytes that a datagram is to carry, and continues its checksum over them; false if they cannot be had,
  /// and the datagram must not be sent. The `ahead` bytes that follow are to be sent next.
  func gather(
    _ payload: Payload, ahead: Int, into room: UnsafeMutableRawBufferPointer, _ checksum: inout UInt32
  ) -> Bool {
    let key = FileKey(source: payload.source)
    if payload.space == ContentSpace.manifest.rawValue {
      guard let bytes = swarm.manifest(key)?.bytes, Int(payload.offset) + payload.length <= bytes.count else {
        return false
      }
      bytes.withUnsafeBytes {
        let part = UnsafeRawBufferPointer(rebasing: $0[Int(payload.offset)...].prefix(payload.length))
        checksum = CRC32C.copy(part, to: room.baseAddress!, continuing: checksum)
      }
      return true
    }
    guard key.index < files.count, let file = files[key.index], let source = file.source, !file.isInDoubt else {
      return false
    }
    let isRead = spans.read(
      source, payload.source, payload.offset, payload.length, ahead: ahead, into: room, &checksum)
    if isRead { return true }
    guard source.isDoubtful(), let manifest = swarm.manifest(key) else {
      withdraw(key, source.fault(at: payload.offset))
      return false
    }
    file.isInDoubt = true
    examine(file, source, manifest)
    return false
  }

  /// A file that is served was touched: it is served again once it is known to be the same.
  private func examine(_ file: LocalFile, _ source: SourceFile, _ manifest: Manifest) {
    let node = node
    let key = file.key
    SystemThread.run("shoal-hash") {
      let same = source.examined(manifest)
      node.post { loop in
        guard loop.files[key.index]?.isInDoubt == true else { return }
        if let same {
          loop.set(LocalFile(key, same, manifest.cut), key)
        } else {
          loop.withdraw(key, source.fault(at: 0))
          loop.takeEvents(nil)
        }
      }
    }
  }

  /// A file that is served was changed or has become unreadable: what is sent of it would fit nobody's hash.
  private func withdraw(_ key: FileKey, _ fault: ShoalError) {
    guard let path = files[key.index]?.source?.file.path else { return }
    // Not now: a datagram of it is just being built.
    files[key.index] = nil
    let reason = fault.code == .changed ? "the file was changed" : "the file cannot be read"
    node.post { loop in
      loop.swarm.withdraw(key, reason, at: SystemClock.now())
      loop.takeEvents(nil)
    }
    if let download = downloads[key.index] {
      download.fail(fault, self)
    } else if let manifest = swarm.manifest(key) {
      onPeerEvent?(.withdrawn(id: manifest.id, path: path, fault))
    }
  }

  /// Serves a file that has been hashed.
  @discardableResult
  func share(_ manifest: Manifest, _ source: SourceFile, name: String) -> FileKey {
    let key = swarm.share(manifest, name: name, at: SystemClock.now())
    set(LocalFile(key, source, manifest.cut), key)
    takeEvents(nil)
    return key
  }

  func set(_ file: LocalFile?, _ key: FileKey) {
    while files.count <= key.index { files.append(nil) }
    files[key.index] = file
  }

  var statistics: NodeStatistics {
    let counters = swarm.counters
    var result = NodeStatistics()
    result.sent = counters.sent
    result.bytesSent = counters.bytesSent
    result.received = counters.received
    result.bytesReceived = counters.bytesReceived
    result.retransmitted = counters.retransmitted
    result.lost = counters.lost
    result.corrupt = corrupt
    result.duplicate = counters.duplicate
    result.repeats = counters.receivedRetransmitted
    result.refused = refused
    result.lastRefusal = lastRefusal
    result.connections = swarm.connectionCount
    return result
  }

  /// Tells those who wait for it what happened.
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
        let words = isSilent ? refusal(towards: address) : reason
        onPeerEvent?(.disconnected(address, code: code, reason: words, byPeer: byPeer))
      } else if code != CloseCode.version.rawValue {
        names.doubt(address, at: now)
        onPeerEvent?(.unreachable(address, refusal: refusal(towards: address)))
      }
    case .otherVersion(let address, let versions):
      onPeerEvent?(.otherVersion(address, versions))
      for download in downloads.values { download.otherVersion(address, versions, self) }
    case .refused(let key, let address, let code):
      if let id = swarm.manifest(key)?.id ?? downloads[key.index]?.id {
        onPeerEvent?(.refused(address, id: id, code: code))
      }
    case .distrusted(let key, let address, _):
      if let id = swarm.manifest(key)?.id ?? downloads[key.index]?.id {
        onPeerEvent?(.distrusted(address, id: id))
      }
    case .served(let key, let address, let bytes):
      if let id = swarm.manifest(key)?.id {
        onPeerEvent?(.served(address, id: id, name: swarm.name(key), bytes: bytes))
      }
    case .left(let key, let address, let bytes):
      if let id = swarm.manifest(key)?.id {
        onPeerEvent?(.left(address, id: id, name: swarm.name(key), bytes: bytes))
      }
    case .tracker(let key, let event): tell(key, event, at: now)
    case .chunk, .block, .pieceGathered, .pieceDropped: break
    }
  }
}
