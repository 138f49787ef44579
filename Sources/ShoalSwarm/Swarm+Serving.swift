import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// What a peer wants of us.
extension Swarm {
  mutating func receive(_ want: Want, _ index: Int, at now: Instant) {
    guard let session = sessions[index], session.service(want.file) == nil else { return }
    guard mayWantMore(index), affords(SwarmConstants.wantWork, index, at: now) else {
      return refuse(want.file, .tooManyFiles, index)
    }
    let keys = byID[want.id]?.filter { files[$0.index].isServed } ?? []
    guard let key = keys.first(where: { files[$0.index].phase == .complete }) ?? keys.first, !isStopping else {
      return refuse(want.file, .unknownFile, index)
    }
    sessions[index]?.services.append(Service(number: want.file, file: key))
    if files[key.index].isProven, files[key.index].phase != .preparing {
      offer(index, session.services.count)
      // The rest of a long map follows bit by bit.
      wake(at: now)
    }
    // Whoever serves what we are looking for is asked in return.
    if want.serves == 1, files[key.index].isWanted { subscribe(index, key, at: now) }
  }

  /// Tells a peer how the file is cut and what of it is here.
  private mutating func offer(_ index: Int, _ i: Int) {
    guard let service = sessions[index]?.services[i], !service.isOffered else { return }
    let file = files[service.file.index]
    var offer = Offer()
    offer.file = service.number
    offer.size = file.cut.size
    offer.pieceExponent = file.cut.pieceExponent
    offer.chunks = file.cut.chunks
    offer.name = file.name
    while offer.name.utf8.count > Limits.nameLength { offer.name.removeLast() }
    let (runs, end) = file.chunks.runs(from: 0, fitting: SwarmConstants.offerRuns)
    offer.have = runs
    sessions[index]?.services[i].isOffered = true
    sessions[index]?.services[i].told = end
    post(offer, on: index)
  }

  /// The manifest is proven: those who waited for an offer get it.
  mutating func announceToServed(_ key: FileKey) {
    for index in live {
      for i in sessions[index]?.services.indices ?? 0..<0 where sessions[index]?.services[i].file == key {
        offer(index, i)
      }
    }
  }

  /// A chunk has come to be here.
  mutating func announce(_ chunk: Int, _ key: FileKey) {
    emit(.chunk(key, chunk))
    guard files[key.index].isServed else { return }
    let run = ChunkRun(first: UInt32(chunk), count: 1)
    for i in trackers.indices { trackers[i].gained(run, of: files[key.index].id) }
    for index in live {
      for i in sessions[index]?.services.indices ?? 0..<0 {
        guard let service = sessions[index]?.services[i], service.file == key, chunk < service.told else { continue }
        sessions[index]?.services[i].gained.insertInOrder(run)
        guard service.gained.count >= SwarmConstants.gainedRuns else { continue }
        sessions[index]?.services[i].gained = []
        sessions[index]?.services[i].told = 0
      }
    }
  }

  /// Tells a peer of chunks that it does not know to be here, as many as its connection takes now; whether that were
  /// all.
  mutating func announce(_ index: Int) -> Bool {
    guard let session = sessions[index] else { return true }
    for i in session.services.indices where session.services[i].isOffered {
      var service = session.services[i]
      let capacity = files[service.file.index].chunks.capacity
      guard !service.gained.isEmpty || service.told < capacity else { continue }
      while !service.gained.isEmpty || service.told < capacity {
        guard endpoint.queued(session.connection).messages < SwarmConstants.queuedHaves else { break }
        var have = Have()
        have.file = service.number
        if service.gained.isEmpty {
          (have.chunks, service.told) = files[service.file.index].chunks.runs(
            from: service.told, fitting: SwarmConstants.haveRuns)
        } else {
          let count = min(service.gained.count, SwarmConstants.haveRuns / 8)
          have.chunks = Array(service.gained[..<count])
          service.gained.removeFirst(count)
        }
        if !have.chunks.isEmpty { post(have, on: index) }
      }
      sessions[index]?.services[i] = service
      guard service.gained.isEmpty, service.told == capacity else { return false }
    }
    return true
  }

  private mutating func refuse(_ file: UInt16, _ code: Refusal, _ index: Int) {
    var refuse = Refuse()
    refuse.file = file
    refuse.code = code.rawValue
    post(refuse, on: index)
  }

  private mutating func refuse(_ ranges: [RangeField], of request: Request, _ code: Refusal, _ index: Int) {
    for first in stride(from: 0, to: ranges.count, by: SwarmConstants.rangesPerMessage) {
      var refuse = Refuse()
      refuse.file = request.file
      refuse.space = request.space
      refuse.code = code.rawValue
      refuse.ranges = Array(ranges[first..<min(first + SwarmConstants.rangesPerMessage, ranges.count)])
      post(refuse, on: index)
    }
  }

  mutating func receive(_ request: Request, _ index: Int, at now: Instant) {
    guard let session = sessions[index], let i = session.service(request.file),
      let space = ContentSpace(rawValue: request.space)
    else {
      // With its ranges, for a refusal without any would end a WANT that this REQUEST has overtaken.
      return refuse(request.ranges, of: request, .unknownFile, index)
    }
    let key = session.services[i].file
    let affordable = allowance(index, at: now) / Work.range
    let room = min(roomForRanges(index, queued: endpoint.queued(session.connection).ranges), affordable)
    var (taken, absent, excess): (Int, [RangeField], [RangeField]) = (0, [], [])
    var bytes: UInt64 = 0
    for range in request.ranges {
      guard isHere(range, space, key) else {
        absent.append(range)
        continue
      }
      guard taken < room else {
        excess.append(range)
        continue
      }
      taken += 1
      bytes += UInt64(range.length)
      endpoint.send(
        Payload(source: key.source, space: space, file: request.file, offset: range.offset, length: Int(range.length)),
        on: session.connection)
    }
    charge(taken * Work.range + (request.ranges.count - taken) * SwarmConstants.rangeWork, to: index)
    sessions[index]?.services[i].bytes &+= bytes
    refuse(absent, of: request, .notHere, index)
    refuse(excess, of: request, .tooManyRequests, index)
  }

  private func isHere(_ range: RangeField, _ space: ContentSpace, _ key: FileKey) -> Bool {
    switch space {
    case .content: return files[key.index].isProven && files[key.index].holds(range)
    case .manifest:
      let length = UInt64(files[key.index].cut.manifestLength)
      return range.length > 0 && length >= range.offset && length - range.offset >= UInt64(range.length)
    }
  }

  mutating func receive(_ cancel: Cancel, _ index: Int, at now: Instant) {
    guard let session = sessions[index], let i = session.service(cancel.file) else { return }
    guard cancel.ranges.isEmpty else {
      // All that waits is looked at. A CANCEL may be disregarded.
      let work = endpoint.queued(session.connection).ranges * Work.lookedAt
      guard affords(work + cancel.ranges.count * SwarmConstants.rangeWork, index, at: now) else { return }
      return endpoint.cancel(
        file: cancel.file, space: cancel.space, ranges: cancel.ranges, limit: configuration.rangesPerConnection,
        on: session.connection)
    }
    // Without ranges: the file is not wanted any more.
    endpoint.cancel(file: cancel.file, on: session.connection)
    sessions[index]?.services.remove(at: i)
    sessions[index]?.idleSince = now
    let service = session.services[i]
    emit(.served(service.file, session.address, bytes: service.bytes))
    closeIfIdle(index, at: now)
  }
}

extension [ChunkRun] {
  /// Adds a run that overlaps none, keeping the order and joining neighbours.
  mutating func insertInOrder(_ run: ChunkRun) {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle].first < run.first { low = middle + 1 } else { high = middle }
    }
    let joinsNext = low < count && run.end == self[low].first
    if low > 0, self[low - 1].end == run.first {
      self[low - 1].count += run.count
      if joinsNext { self[low - 1].count += remove(at: low).count }
    } else if joinsNext {
      self[low] = ChunkRun(first: run.first, count: run.count + self[low].count)
    } else {
      insert(run, at: low)
    }
  }
}
