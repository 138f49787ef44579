import ShoalBase
import ShoalWire

extension TrackerClient {
  /// Takes the tracker's current addresses, the likeliest first, after its name was resolved again.
  ///
  /// If the tracker still answers where it did, nothing changes. If it is silent, the new addresses are tried at once.
  /// If the address at which it answered is no longer among them, it has moved: the new addresses are tried, and all
  /// files are registered there.
  package mutating func replace(addresses: [Address]) {
    let (isNew, hasMoved) = contact.replace(addresses)
    guard hasMoved || isNew && (silence > 0 || connecting != nil) else { return }
    cookie = nil
    connecting?.retry = nil
    if hasMoved { registerAnew() }
  }

  /// Whether the tracker may answer from this address.
  func hears(_ address: Address) -> Bool { contact.hears(address) }

  /// Sends CONNECT to the next address. Asking every address once counts as one try.
  mutating func connect(_ transaction: TrackerTransaction, at now: Instant) -> (to: Address, bytes: [UInt8])? {
    if contact.isRoundOver { contact.startRound() }
    var transaction = transaction
    if contact.isRoundNew { count(&transaction) } else { counters.retries += 1 }
    let address = contact.next()
    let pause = contact.isAskingTheKnown ? configuration.firstRetry : configuration.nextAddress
    wait(for: &transaction, contact.isRoundOver ? nil : pause, at: now)
    connecting = transaction
    return datagram(transaction, to: address)
  }

  /// Registers all files again, because the tracker answers at another address, where it may know of none.
  mutating func registerAnew() {
    drop { if case .register = $0 { true } else if case .update = $0 { true } else { false } }
    for id in shares.keys {
      forget(id, registerAt: .zero)
      let isEnding = isAsked(.deregister(id: id))
      shares[id]?.isBusy = isEnding
    }
  }
}
