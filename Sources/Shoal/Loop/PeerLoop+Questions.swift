import ShoalBase
import ShoalContent
import ShoalSwarm
import ShoalWire

/// A question to the trackers whose answer somebody awaits. The first tracker that knows the answer settles it; only if
/// none does is the answer "unknown".
enum Question {
  /// `unanswered` trackers have not answered yet, including those whose names are not resolved yet.
  case find(String, unanswered: Int, (Result<[FoundFile], ShoalError>) -> Void)
  case lookup(Digest, UInt32, unanswered: Int, (Result<LookupResult, ShoalError>) -> Void)
  case map(Digest, Address, (BitSet?) -> Void)
  case list(UInt64, (Result<ListedFiles, ShoalError>) -> Void)
}

extension PeerLoop {
  func find(_ name: String, until abandoned: Flag, _ done: @escaping (Result<[FoundFile], ShoalError>) -> Void) {
    questions.append((.find(name, unanswered: expected, done), abandoned))
    swarm.find(name: name)
    giveUpWhatIsHopeless()
  }

  func lookup(
    _ id: Digest, _ chunk: Int?, until abandoned: Flag, _ done: @escaping (Result<LookupResult, ShoalError>) -> Void
  ) {
    let chunk = chunk.map { UInt32(clamping: $0) } ?? LookupPacket.anyChunk
    questions.append((.lookup(id, chunk, unanswered: expected, done), abandoned))
    swarm.lookup(id: id, chunk: chunk)
    giveUpWhatIsHopeless()
  }

  /// Asks for a page of the listed files; meant for a peer with a single tracker.
  func list(after: UInt64, until abandoned: Flag, _ done: @escaping (Result<ListedFiles, ShoalError>) -> Void) {
    questions.append((.list(after, done), abandoned))
    swarm.list(after: after)
    giveUpWhatIsHopeless()
  }

  /// The trackers that may answer.
  private var expected: Int {
    swarm.trackers.count + names.entries.values.count { $0.use == .tracker && !$0.isTried }
  }

  /// Asks a newly known tracker the open questions. With `isExpected`, its answers are already counted among those
  /// awaited.
  func ask(_ tracker: TrackerKey, isExpected: Bool) {
    let more = isExpected ? 0 : 1
    for (question, _) in questions {
      switch question {
      case .find(let name, _, _): swarm.find(name: name, of: tracker)
      case .lookup(let id, let chunk, _, _): swarm.lookup(id: id, chunk: chunk, of: tracker)
      case .list(let after, _): swarm.list(after: after, of: tracker)
      case .map: break
      }
    }
    answer {
      switch $0 {
      case .find(let name, let count, let done): .find(name, unanswered: count + more, done)
      case .lookup(let id, let chunk, let count, let done): .lookup(id, chunk, unanswered: count + more, done)
      case .map, .list: $0
      }
    }
  }

  /// Expects one answer fewer, because a name cannot be resolved. If there is no tracker at all, one may still turn up.
  func expectOneLess() {
    let isAlone = swarm.trackers.isEmpty
    answer {
      switch $0 {
      case .find(_, let count, let done) where count <= 1 && !isAlone: done(.success([]))
      case .lookup(_, _, let count, let done) where count <= 1 && !isAlone:
        done(.failure(ShoalError(.unknownName, "no tracker knows this file; is it still shared, and the id right?")))
      case .find(let name, let count, let done): return .find(name, unanswered: count - 1, done)
      case .lookup(let id, let chunk, let count, let done):
        return .lookup(id, chunk, unanswered: count - 1, done)
      case .map, .list: return $0
      }
      return nil
    }
  }

  func map(
    _ id: Digest, _ address: Address, _ chunks: Int, until abandoned: Flag, _ done: @escaping (BitSet?) -> Void
  ) {
    questions.append((.map(id, address, done), abandoned))
    swarm.map(id: id, of: address, chunks: chunks)
  }

  /// Passes on a tracker's answer to those who asked, and to the reader of events.
  func tell(_ key: TrackerKey, _ event: TrackerClientEvent, at now: Instant) {
    let tracker = swarm.address(of: key)
    switch event {
    case .found(let name, let packet):
      let files = packet.files.map {
        FoundFile(id: $0.id, cut: $0.cut, peers: Int($0.peers), claimant: $0.claimant, tracker: tracker)
      }
      answer {
        guard case .find(name, _, let done) = $0 else { return $0 }
        done(.success(files))
        return nil
      }
    case .peers(let packet):
      let peers = packet.peers.map {
        LookupResult.Holder(
          address: $0.address, cut: $0.cut, have: Int($0.have), chunks: nil, age: .seconds(Int64($0.age)))
      }
      let result = LookupResult(id: packet.id, name: packet.name.nilIfEmpty, total: Int(packet.total), peers: peers)
      answer {
        guard case .lookup(packet.id, _, _, let done) = $0 else { return $0 }
        done(.success(result))
        return nil
      }
    case .mapped(let id, let address, let chunks): answerMap(id, address, chunks)
    case .listed(let packet):
      let list = ListedFiles(packet)
      answer {
        guard case .list(packet.after, let done) = $0 else { return $0 }
        done(.success(list))
        return nil
      }
    case .refused(let request, let code, let message): refused(request, code, message, by: tracker)
    case .silent(let tries, let next):
      if tries > 1 { doubt(key) }
      let refusal = port.refusal(towards: tracker)
      onPeerEvent?(.trackerSilent(tracker, tries: tries, pause: .nanoseconds(next), refusal: refusal))
    case .otherVersion(let versions, let unanswered):
      onPeerEvent?(.trackerVersion(tracker, versions))
      let error = ShoalError.otherVersion("tracker \(tracker)", versions)
      for request in unanswered { _ = settle(request, error, isUnknown: false) }
    case .answeredAgain: onPeerEvent?(.trackerAnswered(tracker))
    case .registered(let id): onPeerEvent?(.registered(tracker, id: id))
    case .connected, .nearby: break
    }
  }

  private func refused(_ request: TrackerRequest, _ code: UInt16, _ message: String, by tracker: Address) {
    let isUnknown = code == TrackerError.unknownFile.rawValue
    let kind = TrackerRefusal(code: code)
    let error =
      isUnknown
      ? ShoalError(.unknownName, "tracker \(tracker) does not know this file; is it still shared, and the id right?")
      : ShoalError(.trackerRefused, "tracker \(tracker) refuses: \(kind)\(message.isEmpty ? "" : ", \(message)")")
    let isAwaited = settle(request, error, isUnknown: isUnknown)
    // Downloads ask again by themselves, so the event that nobody has registered the file yet is not reported.
    guard !isAwaited, !isUnknown || !request.isQuestion else { return }
    onPeerEvent?(.trackerRefused(tracker, kind, message: message))
  }

  /// A tracker does not answer a request; returns whether somebody awaits the answer.
  private func settle(_ request: TrackerRequest, _ error: ShoalError, isUnknown: Bool) -> Bool {
    var isAwaited = true
    switch request {
    case .find(let name):
      answer {
        guard case .find(name, let unanswered, let done) = $0 else { return $0 }
        guard unanswered <= 1 else { return .find(name, unanswered: unanswered - 1, done) }
        done(isUnknown ? .success([]) : .failure(error))
        return nil
      }
    case .lookup(let id, _, _):
      isAwaited = false
      answer {
        guard case .lookup(id, let chunk, let unanswered, let done) = $0 else { return $0 }
        isAwaited = true
        guard unanswered <= 1 else { return .lookup(id, chunk, unanswered: unanswered - 1, done) }
        done(.failure(error))
        return nil
      }
    case .map(let id, let address, _): answerMap(id, address, nil)
    case .list(let after):
      answer {
        guard case .list(after, let done) = $0 else { return $0 }
        done(.failure(error))
        return nil
      }
    case .register, .update, .deregister: isAwaited = false
    }
    return isAwaited
  }

  private func answerMap(_ id: Digest, _ address: Address, _ chunks: BitSet?) {
    answer {
      guard case .map(id, address, let done) = $0 else { return $0 }
      done(chunks)
      return nil
    }
  }

  /// Fails the open questions, because nobody will answer; returns whether there were any.
  @discardableResult
  func failQuestions(_ error: ShoalError?) -> Bool {
    guard let error, !questions.isEmpty else { return false }
    answer {
      switch $0 {
      case .find(_, _, let done): done(.failure(error))
      case .lookup(_, _, _, let done): done(.failure(error))
      case .map(_, _, let done): done(nil)
      case .list(_, let done): done(.failure(error))
      }
      return nil
    }
    return true
  }

  /// Replaces each question by the result of `take`; nil means that it is answered.
  private func answer(_ take: (Question) -> Question?) {
    questions = questions.compactMap { question, abandoned in
      abandoned.isSet ? nil : take(question).map { ($0, abandoned) }
    }
  }

  /// Drops the questions whose answers nobody awaits any longer.
  func forgetAbandonedQuestions() { answer { $0 } }
}
