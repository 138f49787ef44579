import ShoalSwarm
import ShoalWire

/// A question to the trackers that somebody waits for.
enum Question {
  case find(String, (Result<[FoundFile], any Error>) -> Void)
  case lookup(Digest, (Result<LookupResult, any Error>) -> Void)
  case map(Digest, Address, (ChunkSet?) -> Void)
}

extension NodeLoop {
  func find(_ name: String, _ done: @escaping (Result<[FoundFile], any Error>) -> Void) {
    questions.append(.find(name, done))
    swarm.find(name: name)
  }

  func lookup(_ id: Digest, _ chunk: Int?, _ done: @escaping (Result<LookupResult, any Error>) -> Void) {
    questions.append(.lookup(id, done))
    swarm.lookup(id: id, chunk: chunk.map { UInt32(clamping: $0) } ?? LookupPacket.anyChunk)
  }

  func map(_ id: Digest, _ address: Address, _ chunks: Int, _ done: @escaping (ChunkSet?) -> Void) {
    questions.append(.map(id, address, done))
    swarm.map(id: id, of: address, chunks: chunks)
  }

  /// Hands what a tracker said to those who asked, and to whoever watches.
  func tell(_ tracker: Address, _ event: TrackerClientEvent, at now: Instant) {
    switch event {
    case .found(let name, let packet):
      let files = packet.files.map {
        FoundFile(id: $0.id, cut: $0.cut, peers: Int($0.peers), claimant: $0.claimant, tracker: tracker)
      }
      answer { if case .find(name, let done) = $0 { done(.success(files)); return true } else { return false } }
    case .peers(let packet):
      let peers = packet.peers.map {
        LookupResult.Peer(address: $0.address, cut: $0.cut, have: Int($0.have), chunks: nil, age: Int($0.age))
      }
      let result = LookupResult(id: packet.id, name: packet.name, total: Int(packet.total), peers: peers)
      answer { if case .lookup(packet.id, let done) = $0 { done(.success(result)); return true } else { return false } }
    case .mapped(let id, let address, let chunks):
      answer { if case .map(id, address, let done) = $0 { done(chunks); return true } else { return false } }
    case .refused(let request, let code, let message): refused(request, code, message, by: tracker)
    case .silent(let tries, let next):
      onPeerEvent?(.trackerSilent(tracker, tries: tries, next: Double(next) / 1e9))
    case .answeredAgain: onPeerEvent?(.trackerAnswered(tracker))
    case .registered(let id): onPeerEvent?(.registered(tracker, id: id))
    case .connected: break
    }
  }

  private func refused(_ request: TrackerRequest, _ code: UInt16, _ message: String, by tracker: Address) {
    let isUnknown = code == TrackerError.unknownFile.rawValue
    let error = ShoalError(
      .unknownName, isUnknown ? "tracker \(tracker) knows no such file" : "tracker \(tracker): \(message)")
    switch request {
    case .find(let name):
      answer {
        guard case .find(name, let done) = $0 else { return false }
        done(isUnknown ? .success([]) : .failure(error))
        return true
      }
    case .lookup(let id, _, _):
      let wasAsked = answer {
        guard case .lookup(id, let done) = $0 else { return false }
        done(.failure(error))
        return true
      }
      // A download asks again by itself: that nobody has registered the file yet is no news.
      if isUnknown || wasAsked { return }
      onPeerEvent?(.trackerRefused(tracker, code: code, message: message))
    case .map(let id, let address, _):
      answer { if case .map(id, address, let done) = $0 { done(nil); return true } else { return false } }
    default: onPeerEvent?(.trackerRefused(tracker, code: code, message: message))
    }
  }

  /// Removes the questions that `take` answers; whether there were any.
  @discardableResult
  private func answer(_ take: (Question) -> Bool) -> Bool {
    let before = questions.count
    questions.removeAll(where: take)
    return questions.count < before
  }
}
