import ShoalBase
import ShoalContent

// The journals of parts.
extension Store {
  /// When `expire` is due.
  package var deadline: Instant {
    downloads.values.reduce(.distantFuture) { $1.keepsJournal ? min($0, $1.journal.deadline) : $0 }
  }

  /// Does what is due at `now`.
  package mutating func expire(at now: Instant) {
    for number in downloads.keys where downloads[number]?.keepsJournal == true {
      guard downloads[number]?.journal.isDue(at: now) == true else { continue }
      add(.sync, .download(number), for: .noteSync)
    }
  }

  /// Looks in the journal of an earlier run that wrote to `target` for the file with this id; `.recalled` follows.
  package mutating func recall(_ number: Int, _ id: Digest, target: String) {
    let part = partPath(of: target)
    add(.readJournal(path: journalPath(of: part), of: part), .download(number), for: .recall(id))
  }

  /// Finds out, by hashing it, whether what is at `target` is the file with this id and cut; `.recalled` follows.
  package mutating func recognize(_ number: Int, _ id: Digest, _ cut: Cut, target: String) {
    guard cut.isValid, cut.size > 0 else { return }
    add(.hashTarget(path: target, cut), .download(number), for: .recall(id))
  }

  mutating func recalled(_ id: Digest, _ number: Int, _ result: Result<StoreFinding, DiskError>) {
    let manifest: Manifest? =
      switch result {
      case .success(.journal(.journal(let journal), .some)): journal.manifest
      case .success(.hashed(let manifest)): manifest
      default: nil
      }
    events.append(.recalled(file: number, manifest?.id == id ? manifest : nil))
  }

  mutating func proven(_ number: Int, _ result: Result<StoreFinding, DiskError>) {
    guard case .success(.verified(let right)) = result else { return advance(number, result) }
    guard let path = downloads[number]?.journal.path, let (wrong, outcome) = downloads[number]?.proven(right) else {
      return
    }
    if !wrong.isEmpty {
      add(.removeJournal(path: path), .download(number), for: .tidying)
      events.append(.journalSetAside(file: number, path: path, .disagrees))
      if outcome == nil { events.append(.lost(file: number, wrong)) }
    }
    if let outcome { act(outcome, number) }
  }

  mutating func synced(_ number: Int, _ result: Result<StoreFinding, DiskError>) {
    guard case .success = result else { return advance(number, result) }
    if let job = downloads[number]?.journal.note() { add(job, .download(number), for: .note) }
  }

  mutating func noted(_ number: Int, _ result: Result<StoreFinding, DiskError>) {
    if case .success(.noted(let end)) = result {
      downloads[number]?.journal.noted(end)
    } else {
      downloads[number]?.journal.giveUp()
    }
  }
}
