import ShoalTransport
import ShoalWire

extension Swarm {
  /// Takes what the endpoint made of the datagram that it was handed.
  mutating func takeTransportEvents(_ bytes: RawSpan, at now: Instant) {
    while let event = endpoint.nextEvent() {
      switch event {
      case .block(let id, let block): receive(block, id.index, bytes, at: now)
      case .message(let id, let type, let body):
        guard sessions[id.index] != nil else { continue }
        do throws(WireError) {
          try receive(type, body, id.index, bytes, at: now)
        } catch {
          drop(id.index, .protocolError, error.description, at: now)
        }
      case .opened(let id, let byPeer): opened(id, byPeer: byPeer, at: now)
      case .closed(let id, let code, let byPeer): closed(id, code: code, byPeer: byPeer, at: now)
      }
    }
  }

  private mutating func receive(
    _ type: MessageType, _ body: ByteRange, _ index: Int, _ bytes: RawSpan, at now: Instant
  ) throws(WireError) {
    switch type {
    case .want: receive(try Want.decode(bytes, body), index, at: now)
    case .offer: receive(try Offer.decode(bytes, body), index, at: now)
    case .have: receive(try Have.decode(bytes, body), index, at: now)
    case .request: receive(try Request.decode(bytes, body), index, at: now)
    case .cancel: receive(try Cancel.decode(bytes, body), index, at: now)
    case .refuse: receive(try Refuse.decode(bytes, body), index, at: now)
    case .block: break
    }
  }

  /// Queues a message for a peer. One that fits no datagram would be a fault of ours and is not sent.
  mutating func post(_ message: some Message, on index: Int) {
    guard let connection = sessions[index]?.connection, let bytes = try? message.encoded() else { return }
    endpoint.send(bytes, on: connection)
  }

  // MARK: What a peer wants of us

  private mutating func receive(_ want: Want, _ index: Int, at now: Instant) {
    guard let session = sessions[index], session.services[want.file] == nil else { return }
    guard session.services.count < configuration.wantsPerConnection else {
      return refuse(want.file, .tooManyFiles, index)
    }
    guard let number = files.indices.first(where: { files[$0].id == want.id && files[$0].phase != .stopped }),
      !isStopping
    else { return refuse(want.file, .unknownFile, index) }
    let key = FileKey(number)
    sessions[index]?.services[want.file] = Service(file: key)
    if files[number].manifest != nil, files[number].phase != .preparing { offer(want.file, index) }
    // Whoever serves what we are looking for is asked in return.
    if want.serves == 1, files[number].isWanted { subscribe(index, key, at: now) }
  }

  /// Tells a peer how the file is cut and what of it is here.
  private mutating func offer(_ number: UInt16, _ index: Int) {
    guard let service = sessions[index]?.services[number] else { return }
    let file = files[service.file.index]
    var offer = Offer()
    offer.file = number
    offer.size = file.cut.size
    offer.pieceExponent = file.cut.pieceExponent
    offer.chunks = file.cut.chunks
    offer.name = String(decoding: file.name.utf8.prefix(Limits.nameLength), as: UTF8.self)
    if offer.name.utf8.count > Limits.nameLength { offer.name = "" }
    let runs = file.chunks.runs()
    offer.have = Array(runs.prefix(SwarmConstants.runsPerMessage))
    sessions[index]?.services[number]?.unannounced = Array(runs.dropFirst(SwarmConstants.runsPerMessage))
    post(offer, on: index)
    announce(index)
  }

  /// The manifest has become known: those who waited for an offer get it.
  mutating func announceToServed(_ key: FileKey) {
    for index in sessions.indices {
      for (number, service) in sessions[index]?.services ?? [:] where service.file == key { offer(number, index) }
    }
  }

  /// Tells a peer of chunks that it does not know to be here.
  mutating func announce(_ index: Int) {
    guard let services = sessions[index]?.services else { return }
    for (number, service) in services where !service.unannounced.isEmpty {
      var rest = service.unannounced[...]
      while !rest.isEmpty {
        var have = Have()
        have.file = number
        have.chunks = Array(rest.prefix(SwarmConstants.runsPerMessage))
        rest = rest.dropFirst(SwarmConstants.runsPerMessage)
        post(have, on: index)
      }
      sessions[index]?.services[number]?.unannounced = []
    }
  }

  private mutating func refuse(_ file: UInt16, _ code: Refusal, _ index: Int) {
    var refuse = Refuse()
    refuse.file = file
    refuse.code = code.rawValue
    post(refuse, on: index)
  }

  private mutating func receive(_ request: Request, _ index: Int, at now: Instant) {
    guard let session = sessions[index], let service = session.services[request.file],
      let space = ContentSpace(rawValue: request.space)
    else { return refuse(request.file, .unknownFile, index) }
    let file = files[service.file.index]
    var refusal = Refuse()
    refusal.file = request.file
    refusal.space = request.space
    var queued = endpoint.queued(session.connection).ranges
    for range in request.ranges {
      let isHere =
        switch space {
        case .content: file.phase != .stopped && file.manifest != nil && file.holds(range)
        case .manifest:
          range.length > 0 && UInt64(file.cut.manifestLength) >= range.offset
            && UInt64(file.cut.manifestLength) - range.offset >= UInt64(range.length)
        }
      guard isHere, queued < configuration.rangesPerConnection else {
        refusal.code = (isHere ? Refusal.tooManyRequests : .notHere).rawValue
        refusal.ranges.append(range)
        continue
      }
      queued += 1
      sessions[index]?.services[request.file]?.bytes += UInt64(range.length)
      endpoint.send(
        Payload(
          source: service.file.source, space: space, file: request.file, offset: range.offset, length: Int(range.length)),
        on: session.connection)
    }
    if !refusal.ranges.isEmpty { post(refusal, on: index) }
  }

  private mutating func receive(_ cancel: Cancel, _ index: Int, at now: Instant) {
    guard let session = sessions[index], let service = session.services[cancel.file] else { return }
    for range in cancel.ranges {
      endpoint.cancel(
        file: cancel.file, space: cancel.space, offset: range.offset, length: UInt64(range.length),
        on: session.connection)
    }
    guard cancel.ranges.isEmpty else { return }
    // Without ranges: the file is not wanted any more.
    for space in [ContentSpace.content, .manifest] {
      endpoint.cancel(file: cancel.file, space: space.rawValue, offset: 0, length: nil, on: session.connection)
    }
    sessions[index]?.services[cancel.file] = nil
    emit(.served(service.file, session.address, bytes: service.bytes))
    closeIfIdle(index, at: now)
  }
}
