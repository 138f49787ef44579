import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// The passes that peers have given at earlier visits, by their addresses.
package struct Passes: Sendable {
  /// The most that are kept; the oldest goes first.
  package static let most = 256

  /// The passes and their peers' addresses, oldest first.
  package private(set) var entries: [(address: Address, pass: Pass)] = []

  /// No passes.
  package init() {}

  /// The pass for a peer; nil if there is none.
  package subscript(address: Address) -> Pass? { entries.last { $0.address == address }?.pass }

  /// Keeps a pass, in place of an older one of the same peer.
  package mutating func keep(_ pass: Pass, of address: Address) {
    entries.removeAll { $0.address == address }
    if entries.count >= Self.most { entries.removeFirst() }
    entries.append((address, pass))
  }
}

/// What the last pass given to a peer says of the path, and when it was given.
struct GivenPass {
  var terms: PathTerms
  var at: Instant
}

extension Swarm {
  /// Gives the peers that have opened connections what they may bring along the next time: at once, and again whenever
  /// much more or, after a while, less is known of the path.
  mutating func givePasses(at now: Instant) {
    for key in links.live { givePass(to: key, at: now) }
    deliver(at: now)
  }

  mutating func givePass(to key: LinkKey, at now: Instant) {
    guard let link = links[key], link.isOpen, let pass = endpoint.pass(link.connection, at: now) else { return }
    let terms = PathTerms(pass.terms)
    if let last = link.passed {
      let hasGrown = Double(terms.rate) > 1.25 * Double(last.terms.rate)
      let hasFallen = 1.25 * Double(terms.rate) < Double(last.terms.rate)
      guard hasGrown || hasFallen && now - last.at >= SwarmConstants.passPause else { return }
    }
    links[key]?.passed = GivenPass(terms: terms, at: now)
    resources.outbox.post(pass, to: key)
  }

  mutating func take(_ pass: Pass, from key: LinkKey, at now: Instant) {
    guard let link = links[key], link.isOurs, pass.token != 0, passes[link.address] != pass else { return }
    passes.keep(pass, of: link.address)
    emit(.pass(link.address, pass))
  }
}
