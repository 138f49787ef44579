import ShoalBase
import ShoalTransport
import ShoalWire

// Dispatches messages from peers to the download or upload concerned.
extension Swarm {
  /// Handles the events that the endpoint found in the datagram.
  mutating func takeTransportEvents(_ bytes: Span<UInt8>, at now: Instant) {
    while let event = endpoint.nextEvent() {
      switch event {
      case .block(let id, let block): take(block, from: LinkKey(id), bytes, at: now)
      case .message(let id, let type, let body):
        guard links[LinkKey(id)] != nil else { continue }
        guard endpoint.queued(id).messages < SwarmConstants.queuedMessages else {
          drop(LinkKey(id), .protocolError, "it does not acknowledge the answers", at: now)
          continue
        }
        do throws(WireError) {
          try take(type, body, from: LinkKey(id), bytes, at: now)
        } catch {
          drop(LinkKey(id), .protocolError, error.description, at: now)
        }
      case .opened(let id, let byPeer):
        opened(id, byPeer: byPeer, at: now)
        takeEarly(endpoint.takeEarly(id), from: LinkKey(id), at: now)
      case .closed(let id, let code, let byPeer): closed(id, code: code, byPeer: byPeer, at: now)
      }
    }
  }

  /// Takes the messages in a peer's OPEN: only those that do no harm if somebody who saw that OPEN sends it again.
  private mutating func takeEarly(_ messages: [UInt8], from link: LinkKey, at now: Instant) {
    guard !messages.isEmpty, links[link] != nil else { return }
    do throws(WireError) {
      var reader = MessageReader(messages.span, from: 0)
      while let (type, body) = try reader.next() {
        guard let type, [.hello, .want, .request].contains(type) else { continue }
        // If this peer called itself, its own HELLO in answer ends the connection that it opened.
        if type == .hello, try Hello.decode(messages.span, body).peer == identity { continue }
        try take(type, body, from: link, messages.span, at: now)
      }
    } catch { drop(link, .protocolError, error.description, at: now) }
  }

  private mutating func take(
    _ type: MessageType, _ body: ByteRange, from link: LinkKey, _ bytes: Span<UInt8>, at now: Instant
  ) throws(WireError) {
    switch type {
    case .want: take(try Want.decode(bytes, body), from: link, at: now)
    case .offer: take(try Offer.decode(bytes, body), from: link, at: now)
    case .have: take(try Have.decode(bytes, body), from: link, at: now)
    case .request: take(try Request.decode(bytes, body), from: link, at: now)
    case .cancel: take(try Cancel.decode(bytes, body), from: link, at: now)
    case .refuse: take(try Refuse.decode(bytes, body), from: link, at: now)
    case .known: take(try Known.decode(bytes, body), from: link, at: now)
    case .hello: take(try Hello.decode(bytes, body), from: link, at: now)
    case .same: take(try Same.decode(bytes, body), from: link, at: now)
    case .progress: take(try Progress.decode(bytes, body), from: link, at: now)
    case .pass: take(try Pass.decode(bytes, body), from: link, at: now)
    case .block: break
    }
  }

  // MARK: To downloads

  private mutating func take(_ block: Block, from link: LinkKey, _ bytes: Span<UInt8>, at now: Instant) {
    guard let file = links[link]?.wantedFile(block.file) else { return }
    switch ContentSpace(rawValue: block.space) {
    case .manifest:
      files[file]?.download?.takeManifest(block, from: link, bytes, &resources.outbox, at: now)
      deliver(for: file, at: now)
    case .content:
      guard files[file]?.download?.take(block, from: link, &resources, at: now) == true else {
        guard files[file]?.download?.takeEarly(block, from: link, bytes, &resources.outbox, at: now) == true else {
          return
        }
        return deliver(for: file, at: now)
      }
      fill(link, file, at: now)
    case .tree:
      files[file]?.download?.takeTree(block, from: link, bytes, &resources, at: now)
      deliver(for: file, at: now)
      fillAll(at: now)
    case nil: break
    }
  }

  private mutating func take(_ offer: Offer, from link: LinkKey, at now: Instant) {
    guard let file = links[link]?.wantedFile(offer.file) else {
      // Most likely the WANT arrived after the CANCEL that withdrew it, so the CANCEL is sent again.
      guard links[link]?.wasUsed(offer.file) == true else { return }
      resources.outbox.cancel(offer.file, to: link)
      return deliver(at: now)
    }
    guard files[file]?.download?.take(offer, from: link, &resources, at: now) == true else {
      return deliver(for: file, at: now)
    }
    if files[file]?.name.isEmpty == true { files[file]?.name = offer.name }
    hasNewPeers = true
    deliver(for: file, at: now)
    fill(link, file, at: now)
  }

  private mutating func take(_ have: Have, from link: LinkKey, at now: Instant) {
    guard let file = links[link]?.wantedFile(have.file) else { return }
    guard affords(files[file]?.download?.work(have, from: link) ?? 0, link, at: now) else {
      return drop(link, .busy, "it announces more than can be processed", at: now)
    }
    guard files[file]?.download?.take(have, from: link) == true else { return }
    files[file]?.download?.spread(have, to: link, &resources, at: now)
    deliver(for: file, at: now)
    fill(link, file, at: now)
  }

  private mutating func take(_ refuse: Refuse, from link: LinkKey, at now: Instant) {
    guard let address = links[link]?.address, let file = links[link]?.wantedFile(refuse.file) else { return }
    guard affords(files[file]?.download?.work(refuse) ?? 0, link, at: now) else {
      return drop(link, .busy, "it refuses more than can be processed", at: now)
    }
    guard refuse.ranges.isEmpty else {
      files[file]?.download?.take(refuse, from: link, &resources, at: now)
      return deliver(for: file, at: now)
    }
    emit(.refused(file, address, code: refuse.code))
    stopWanting(file, of: link, at: now)
    files[file]?.download?.book.rest(address, until: now + SwarmConstants.refusedRest)
    fillAll(at: now)
    closeIfIdle(link, at: now)
  }

  // MARK: To uploads

  private mutating func take(_ want: Want, from key: LinkKey, at now: Instant) {
    guard let link = links[key], link.servedFile(want.file) == nil else { return }
    guard mayWantMore(key), affords(SwarmConstants.wantWork, key, at: now) else {
      resources.outbox.refuse(want.file, .tooManyFiles, to: key)
      return deliver(at: now)
    }
    let served = files.keys(of: want.id).filter { files[$0]?.isServed == true }
    guard let file = served.first(where: { files[$0]?.isWanted == false }) ?? served.first, !isStopping else {
      resources.outbox.refuse(want.file, .unknownFile, to: key)
      return deliver(at: now)
    }
    links[key]?.serve(file, as: want.file)
    files[file]?.upload.add(key, want.file, serves: want.serves == 1)
    hasNewPeers = true
    wake(at: now)
    if files[file]?.offered != nil {
      offer(key, (want.file, file), at: now)
      deliver(at: now)
      // The rest of a long chunk map follows in HAVEs.
      wake(at: now)
    }
    // If the file is wanted here too, it is requested from the peer in return.
    if want.serves == 1, files[file]?.isWanted == true { subscribe(key, file, at: now) }
  }

  private mutating func take(_ request: Request, from key: LinkKey, at now: Instant) {
    guard let link = links[key], let file = link.servedFile(request.file),
      let space = ContentSpace(rawValue: request.space)
    else {
      // The refusal names its ranges: one without any would end a WANT that this REQUEST has overtaken.
      resources.outbox.refuse(request.ranges, of: request, .unknownFile, to: key)
      return deliver(at: now)
    }
    guard space != .tree else { return serveTree(request, to: key, of: file, at: now) }
    let affordable = allowance(key, at: now) / Work.range
    let room = min(roomForRanges(key), affordable)
    let content = ServedContent(
      key: file, manifestLength: UInt64(files[file]?.manifest?.cut.manifestLength ?? 0), copy: files[file]?.offered)
    let isIdle = queuedRanges(key) == 0
    let work = files[file]?.upload.take(
      request, from: key, space, room: room, of: content, isIdle: isIdle, &resources, at: now)
    deliver(at: now)
    charge(work ?? 0, to: key)
    // A seeded peer may now be shown further chunks.
    _ = announce(to: key, at: now)
  }

  private mutating func take(_ cancel: Cancel, from key: LinkKey, at now: Instant) {
    guard let link = links[key], let file = link.servedFile(cancel.file) else { return }
    guard cancel.ranges.isEmpty else {
      // Everything that is waiting has to be examined. A CANCEL may be disregarded.
      let work = queuedRanges(key) * Work.lookedAt
      guard affords(work + cancel.ranges.count * SwarmConstants.rangeWork, key, at: now) else { return }
      let cancelled = RangeSet(of: cancel.ranges)
      uploads.cancel(key, file: cancel.file, cancel.space, cancelled, limit: configuration.rangesPerConnection)
      if link.reads.count > 0 {
        uploads.readEnded(links[key]?.reads.cancel(file: cancel.file, cancel.space, cancelled) ?? 0, key)
      }
      return endpoint.cancel(
        file: cancel.file, space: cancel.space, ranges: cancel.ranges, limit: configuration.rangesPerConnection,
        on: link.connection)
    }
    // A CANCEL without ranges means that the file is not wanted any more.
    endpoint.cancel(file: cancel.file, on: link.connection)
    uploads.cancel(key, file: cancel.file)
    uploads.readEnded(links[key]?.stopServing(cancel.file, at: now) ?? 0, key)
    let end = files[file]?.upload.remove(key, cancel.file)
    // The peer may still want the file under another number.
    if let end, links[key]?.serves(file) == false {
      let hasAll = end.progress?.isWhole ?? (end.bytes > 0)
      emit(hasAll ? .served(file, link.address, bytes: end.bytes) : .left(file, link.address, bytes: end.bytes))
    }
    closeIfIdle(key, at: now)
  }
}
