import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// What we want of one peer: a file that it serves to us.
struct Subscription {
  /// The number that we gave the file on this connection.
  let number: UInt16
  let file: FileKey
  /// The cut by which the peer serves the file; nil before its offer came.
  var cut: Cut?
  /// The chunks that it told of before its cut or ours was known.
  var early: [ChunkRun] = []
  /// It told of more than was kept: it is asked again when the cut is known.
  var isEarlyFull = false
  /// The chunks that it has by a cut of its own: it can be asked once they are all.
  var foreign: BitSet?
  /// The pieces that it has, by our cut; nil while that is not known, or if it cannot be asked.
  var pieces: BitSet?
  /// Bytes of pieces asked of it that are not here, and how many such pieces there are.
  var outstanding = 0
  var requested = 0
  /// How much is kept requested: what it sends in some round trips, so that it never waits for us.
  var budget: Int
  /// It has nothing that may be requested now; something must happen before it is worth looking again.
  var isDry = false
  /// Bytes that came since the rate was last measured.
  var sinceMeasured = 0
  /// Whether it was ever asked for bytes, and whether any ever came.
  var wasAsked = false
  var hasSent = false
  /// Bytes a second, the highest of late.
  var rate = 0.0
  /// When it last sent new bytes, or was asked while it owed nothing.
  var progressAt: Instant?
  /// When it was last asked anew for what it owes.
  var askedAgainAt: Instant?
  /// It owed bytes and sent none for too long: until then it is asked for nothing.
  var snubbedUntil: Instant?
  /// How often in a row it refused what it was asked for.
  var refusals = 0
  /// The pieces that it says not to have though it announced them, and when it is asked for them all the same.
  var denied: [Int] = []
  var deniedUntil: Instant?
  var denials = 0
  /// How often it failed to give us the manifest, or to bear out the size that it claims, and when it is asked again.
  var failures = 0
  var retryAt: Instant?

  var wantsMore: Bool {
    outstanding < budget && !isDry && snubbedUntil == nil && requested < SwarmConstants.requestedPieces
  }

  /// It refused bytes: it is asked for no more for a while, longer each time.
  mutating func wasRefused(at now: Instant) {
    guard snubbedUntil == nil else { return }
    snubbedUntil = now + SwarmConstants.refusalPause(after: refusals)
    refusals += 1
  }

  /// It does not have a piece that it announced. Where no other has it either, it is asked again in the end.
  mutating func denies(_ piece: Int, at now: Instant) {
    pieces?.remove(piece)
    denied.append(piece)
    guard deniedUntil == nil else { return }
    deniedUntil = now + SwarmConstants.denialPause(after: denials)
    denials += 1
  }

  /// The pieces that it denied may be asked of it again.
  mutating func endDenials(at now: Instant) {
    guard let end = deniedUntil, end <= now else { return }
    for piece in denied { pieces?.insert(piece) }
    (denied, deniedUntil, isDry) = ([], nil, false)
  }

  /// It does not send the manifest, or does not bear out what it says.
  mutating func failed(at now: Instant) {
    retryAt = now + SwarmConstants.refusalPause(after: failures)
    failures += 1
  }

  /// It owes bytes and has sent none for too long.
  func isStalled(at now: Instant) -> Bool {
    guard outstanding > 0, let progressAt else { return false }
    return now - progressAt > SwarmConstants.patience
  }
}

/// What one peer wants of us.
struct Service {
  /// The number that the peer gave the file on this connection.
  let number: UInt16
  let file: FileKey
  var isOffered = false
  /// Of the chunks from here on it was told nothing yet.
  var told = 0
  /// Chunks below that have come since.
  var gained: [ChunkRun] = []
  /// Bytes of file queued for it so far.
  var bytes: UInt64 = 0
}

/// What passes between us and one peer, over one connection.
struct Session {
  let connection: ConnectionID
  let address: Address
  let byPeer: Bool
  var isOpen: Bool
  /// Since when neither wanted anything.
  var idleSince: Instant
  // Few of each: a search through them is faster than a dictionary, and their order is the same in every run.
  var subscriptions: [Subscription] = []
  var services: [Service] = []
  var allowance = WorkAllowance()
  private var nextNumber: UInt16 = 0
  private var hasUsedAll = false

  init(connection: ConnectionID, address: Address, byPeer: Bool, isOpen: Bool, at now: Instant) {
    self.connection = connection
    self.address = address
    self.byPeer = byPeer
    self.isOpen = isOpen
    idleSince = now
  }

  var isIdle: Bool { subscriptions.isEmpty && services.isEmpty }
  /// Whether it has given us anything.
  var isUseful: Bool { subscriptions.contains { $0.cut != nil || $0.hasSent } }

  /// The place of the subscription with this number, or to this file.
  func place(of number: UInt16) -> Int? { subscriptions.firstIndex { $0.number == number } }
  func place(of file: FileKey) -> Int? { subscriptions.firstIndex { $0.file == file } }
  /// The place of the service with this number.
  func service(_ number: UInt16) -> Int? { services.firstIndex { $0.number == number } }

  /// A number that is not in use.
  mutating func takeNumber() -> UInt16 {
    while place(of: nextNumber) != nil { nextNumber &+= 1 }
    defer { nextNumber &+= 1 }
    if nextNumber == .max { hasUsedAll = true }
    return nextNumber
  }

  /// Whether we ever gave this number to a file.
  func wasUsed(_ number: UInt16) -> Bool { hasUsedAll || number < nextNumber }
}
