import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

/// Identifies a connection to a peer by its index in the endpoint.
package struct LinkKey: Hashable, Sendable {
  let index: Int
}

extension LinkKey {
  init(_ connection: ConnectionID) { self.init(index: connection.index) }
}

/// One connection to a peer: which files its numbers stand for, and which files ours do.
struct PeerLink {
  typealias Entry = (number: UInt16, file: FileKey)

  let connection: ConnectionID
  let address: Address
  /// The link's serial number: later links have higher ones.
  let serial: Int
  var isOpen: Bool
  /// Whether we opened it.
  let isOurs: Bool
  /// What the peer that opened it may bring along the next time.
  var passed: GivenPass?
  /// The time since which neither side has wanted anything.
  var idleSince: Instant
  /// The number in the peer's HELLO; nil before that.
  var peer: UInt64?
  /// The oldest connection to what seems to be the same peer, if this is not it.
  var older: OlderLink?
  // There are few of each, so searching an array is faster than a dictionary, and the order is the same in every run.
  /// The files that we want from the peer, with the numbers that we gave them.
  private(set) var wanted: [Entry] = []
  /// The files that the peer wants from us, with the numbers that it gave them.
  private(set) var served: [Entry] = []
  /// Requested ranges that are still to be read.
  var reads = Reads()
  var allowance = WorkAllowance()
  private var nextNumber: UInt16 = 0
  private var hasUsedAll = false
  /// The messages in our OPEN that have not become due yet, and the file that is number 0 in them.
  private var anticipated: [[UInt8]] = []
  private var anticipatedFile: Digest?

  init(
    _ connection: ConnectionID, _ address: Address, serial: Int, isOpen: Bool, isOurs: Bool, at now: Instant
  ) {
    self.isOurs = isOurs
    self.connection = connection
    self.address = address
    self.serial = serial
    self.isOpen = isOpen
    idleSince = now
  }

  var isIdle: Bool { wanted.isEmpty && served.isEmpty }

  /// The file that we want under this number.
  func wantedFile(_ number: UInt16) -> FileKey? { wanted.first { $0.number == number }?.file }
  /// The file that the peer wants under this number.
  func servedFile(_ number: UInt16) -> FileKey? { served.first { $0.number == number }?.file }
  func wants(_ file: FileKey) -> Bool { wanted.contains { $0.file == file } }
  func serves(_ file: FileKey) -> Bool { served.contains { $0.file == file } }

  /// Notes that we want a file; returns the number that it is given, which was not in use.
  mutating func want(_ file: FileKey, _ id: Digest) -> UInt16 {
    if nextNumber == 0, let anticipatedFile, anticipatedFile != id { nextNumber = 1 }
    while wantedFile(nextNumber) != nil { nextNumber &+= 1 }
    defer { nextNumber &+= 1 }
    if nextNumber == .max { hasUsedAll = true }
    wanted.append((nextNumber, file))
    return nextNumber
  }

  /// Notes that we no longer want a file.
  mutating func stopWanting(_ file: FileKey, at now: Instant) {
    wanted.removeAll { $0.file == file }
    idleSince = now
  }

  /// Notes that the peer wants a file, under a number that it does not use yet.
  mutating func serve(_ file: FileKey, as number: UInt16) { served.append((number, file)) }

  /// Notes that the peer no longer wants the file with this number; returns how many bytes of it were being read.
  mutating func stopServing(_ number: UInt16, at now: Instant) -> Int {
    served.removeAll { $0.number == number }
    idleSince = now
    return reads.cancel(file: number)
  }

  /// Notes the messages in our OPEN: what is to be said once the connection opens, said beforehand.
  mutating func anticipate(_ messages: [UInt8]) {
    var reader = MessageReader(messages.span, from: 0)
    var start = 0
    while let (type, body) = try? reader.next() {
      anticipated.append(Array(messages[start..<body.end]))
      if type == .want { anticipatedFile = (try? Want.decode(messages.span, body))?.id }
      start = body.end
    }
  }

  /// Whether a message that is now due was in our OPEN.
  mutating func wasAnticipated(_ message: [UInt8]) -> Bool {
    guard let i = anticipated.firstIndex(of: message) else { return false }
    anticipated.remove(at: i)
    return true
  }

  /// Sends everything that becomes due from now on; returns whether OPEN had a WANT that has not become due.
  mutating func endAnticipation() -> Bool {
    let isVain = anticipatedFile != nil && wantedFile(0) == nil
    if anticipatedFile != nil { nextNumber = max(nextNumber, 1) }
    (anticipated, anticipatedFile) = ([], nil)
    return isVain
  }

  /// Whether we ever gave this number to a file.
  func wasUsed(_ number: UInt16) -> Bool { hasUsedAll || number < nextNumber }
}

/// The connections of a swarm.
struct LinkTable {
  /// The links, by their connections' indices.
  private var links: [PeerLink?]
  /// The links that have not ended, oldest first.
  private(set) var live: [LinkKey] = []
  private var hosts: [HostKey: [LinkKey]] = [:]
  private var made = 0
  /// Other addresses of peers that are connected.
  private var aliases: [Address: LinkKey] = [:]

  init(most: Int) { links = Array(repeating: nil, count: most) }

  /// A link; nil if it has ended.
  subscript(key: LinkKey) -> PeerLink? {
    get { links[key.index] }
    _modify { yield &links[key.index] }
  }

  mutating func insert(
    _ connection: ConnectionID, _ address: Address, isOpen: Bool, isOurs: Bool, at now: Instant
  ) {
    let key = LinkKey(connection)
    links[key.index] = PeerLink(connection, address, serial: made, isOpen: isOpen, isOurs: isOurs, at: now)
    made += 1
    live.append(key)
    hosts[HostKey(address), default: []].append(key)
  }

  mutating func remove(_ key: LinkKey) {
    guard let address = links[key.index]?.address else { return }
    links[key.index] = nil
    live.removeAll { $0 == key }
    let host = HostKey(address)
    hosts[host]?.removeAll { $0 == key }
    if hosts[host]?.isEmpty == true { hosts[host] = nil }
    for alias in self.aliases(of: key) { aliases[alias] = nil }
  }

  mutating func removeAll() {
    for key in live { links[key.index] = nil }
    live = []
    hosts = [:]
    aliases = [:]
  }

  /// The oldest link to an address.
  func link(to address: Address) -> LinkKey? { live.first { links[$0.index]?.address == address } }

  /// Notes another address of the peer on a link, until the link ends; only the first few are kept.
  mutating func note(_ address: Address, isAlsoOf key: LinkKey) {
    guard links[key.index] != nil, aliases(of: key).count < SwarmConstants.addressesPerPeer else { return }
    aliases[address] = key
  }

  /// The link to the peer that has this other address.
  func link(alsoAt address: Address) -> LinkKey? { aliases[address] }

  /// The other addresses of the peer on a link.
  func aliases(of key: LinkKey) -> [Address] { aliases.filter { $0.value == key }.map(\.key) }

  /// All links of the host that an address belongs to.
  func links(ofHost address: Address) -> [LinkKey] { hosts[HostKey(address)] ?? [] }

  /// How many are open, or may well be soon.
  func busyCount(at now: Instant) -> Int {
    live.count { links[$0.index].map { $0.isOpen || now - $0.idleSince < SwarmConstants.callPatience } ?? false }
  }

  /// How many hosts there are.
  var hostCount: Int { hosts.count }
}
