import ShoalBase
import ShoalSwarm
import ShoalWire

extension PeerLoop {
  /// Uses a tracker as soon as its name is resolved, and follows the name to whatever addresses it has later. With
  /// `listing`, the user named it, and it may list the shares by name.
  func add(tracker place: Resolver.HostPort, listing: Bool) {
    let now = SystemClock.now()
    if listing { listingPlaces.insert(place.text) }
    if let addresses = place.spelt {
      let count = swarm.trackers.count
      if let key = swarm.add(trackerAt: addresses, listing: listing, at: now), swarm.trackers.count > count {
        ask(key, isExpected: false)
      }
    } else if names.add(place, for: .tracker, at: now) != nil {
      resolveNames()
    }
    takeEvents()
  }

  /// Fetches a file from a peer, as soon as its name is resolved.
  func add(peer place: Resolver.HostPort, for key: FileKey) {
    let now = SystemClock.now()
    if let addresses = place.spelt {
      swarm.add(peerAt: addresses, for: key, at: now)
    } else if names.add(place, for: .peer(key.index), at: now) != nil {
      resolveNames()
    }
  }

  /// Begins to resolve the places that are due: names on threads that may block, numeric addresses here.
  func resolveNames() {
    while let (number, place) = names.next(at: SystemClock.now()) {
      guard !place.host.contains(":") else {
        resolved(number, place.resolve())
        continue
      }
      let (node, resolve) = (node, resolve)
      do throws(SystemError) {
        try SystemThread.start("shoal-resolve") {
          let result = resolve(place)
          node.post { $0.resolved(number, result) }
        }
      } catch { resolved(number, .failure(.failed(place.host, error.cause))) }
    }
  }

  private func resolved(_ number: Int, _ result: Result<[Address], ResolverError>) {
    let now = SystemClock.now()
    let isFirst = names.entries[number]?.isTried == false
    guard let entry = names.resolved(number, result, at: now) else { return }
    switch entry.use {
    case .tracker where entry.failure == nil: found(number, trackerAt: entry.addresses, isFirst, at: now)
    case .tracker: if isFirst { expectOneLess() }
    case .peer(let file):
      if let key = downloads[file]?.key { swarm.add(peerAt: entry.addresses, for: key, at: now) }
    }
    let isOver = giveUpWhatIsHopeless()
    if let failure = entry.failure, !isOver {
      onPeerEvent?(.unresolved("\(failure)", pause: .nanoseconds(names.pause(number, at: now))))
    }
    takeEvents()
  }

  private func found(_ number: Int, trackerAt addresses: [Address], _ isFirst: Bool, at now: Instant) {
    if let key = namedTrackers.first(where: { $0.value == number })?.key {
      return swarm.replace(addresses: addresses, of: key)
    }
    let count = swarm.trackers.count
    let isListing = names.entries[number].map { listingPlaces.contains($0.place.text) } ?? false
    guard let key = swarm.add(trackerAt: addresses, listing: isListing, at: now) else { return }
    namedTrackers[key] = number
    if swarm.trackers.count > count { ask(key, isExpected: isFirst) } else if isFirst { expectOneLess() }
  }

  /// Notes that a tracker does not answer: its name may resolve to another address by now.
  func doubt(_ tracker: TrackerKey) {
    if let number = namedTrackers[tracker] { names.doubt(number, at: SystemClock.now()) }
  }

  /// Ends the downloads and questions that cannot succeed because none of their names can be resolved; returns whether
  /// there were any.
  @discardableResult
  func giveUpWhatIsHopeless() -> Bool {
    let trackers = names.entries.values.filter { $0.use == .tracker }
    guard swarm.trackers.isEmpty, trackers.allSatisfy(\.isHopeless) else { return false }
    var isOver = failQuestions(unresolved(trackers))
    for (file, task) in downloads where swarm.knownPeers(task.key) == 0 && !task.isOver {
      let peers = names.entries.values.filter { $0.use == .peer(file) }
      guard !peers.isEmpty || !trackers.isEmpty, peers.allSatisfy(\.isHopeless),
        let error = unresolved(peers + trackers)
      else { continue }
      task.fail(error, self)
      isOver = true
    }
    return isOver
  }

  /// Why these names cannot be resolved; nil if none has failed.
  func unresolved(_ entries: some Collection<NameBook.Entry>) -> ShoalError? {
    let reasons = Set(entries.compactMap { $0.failure?.description }).sorted()
    return reasons.isEmpty
      ? nil
      : ShoalError(.badAddress, "\(reasons.joined(separator: "; ")); check the \(reasons.count > 1 ? "names" : "name")")
  }
}

extension Resolver.HostPort {
  /// Its addresses, alternating between IPv6 and IPv4; for a name, this may take long.
  func resolve() -> Result<[Address], ResolverError> {
    do throws(ResolverError) {
      return .success(Resolver.inTurn(try Resolver.resolve(host, port: port)))
    } catch { return .failure(error) }
  }

  /// The address, if it is numeric; nil for a name, and for an address that cannot be used.
  fileprivate var spelt: [Address]? { Resolver.numeric(host) == nil ? nil : try? resolve().get() }
}
