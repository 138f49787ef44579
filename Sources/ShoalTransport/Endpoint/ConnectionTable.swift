import ShoalBase
import ShoalWire

/// The connections of an endpoint, each in a slot of memory that the table owns, and the ways of finding them.
struct ConnectionTable: ~Copyable {
  private var slots: Slots<Connection>
  private var generations: [UInt32]
  private var free: [Int]
  /// The lower bits of a local id are its slot, so that it is found without a search.
  private let slotMask: UInt64
  private var byRemote: [RemoteKey: Int] = [:]
  private var byAddress: [Address: [Int]] = [:]

  struct RemoteKey: Hashable {
    var address: Address
    var id: UInt64
  }

  init(capacity: Int) {
    slotMask = UInt64(capacity.roundedUpToPowerOfTwo) - 1
    slots = Slots(capacity: capacity)
    generations = Array(repeating: 0, count: capacity)
    free = Array((0..<capacity).reversed())
  }

  var capacity: Int { slots.capacity }
  var count: Int { capacity - free.count }
  var isFull: Bool { free.isEmpty }

  /// The connection in a slot that is in use.
  subscript(slot: Int) -> Connection {
    @inline(__always) _read { yield slots[slot] }
    @inline(__always) _modify { yield &slots[slot] }
  }

  func isUsed(_ slot: Int) -> Bool { slots.isUsed(slot) }

  func id(_ slot: Int) -> ConnectionID { ConnectionID(slot: UInt32(slot), generation: generations[slot]) }

  func slot(_ id: ConnectionID) -> Int? {
    let slot = Int(id.slot)
    return slots.isUsed(slot) && generations[slot] == id.generation ? slot : nil
  }

  @inline(__always)
  func slot(local: UInt64) -> Int? {
    let slot = Int(local & slotMask)
    return slots.isUsed(slot) && slots[slot].localID == local ? slot : nil
  }

  /// The id of the connection that is inserted next: random, except for the bits that name its slot.
  func localID(_ random: UInt64) -> UInt64 {
    let id = random & ~slotMask | UInt64(free[free.count - 1])
    return id == 0 ? slotMask + 1 : id
  }

  func slot(remote: UInt64, at address: Address) -> Int? { byRemote[RemoteKey(address: address, id: remote)] }

  /// The connection with that address, if there is exactly one.
  func onlySlot(at address: Address) -> Int? {
    guard let slots = byAddress[address], slots.count == 1 else { return nil }
    return slots[0]
  }

  var slotsInUse: [Int] { (0..<capacity).filter { slots.isUsed($0) } }

  mutating func insert(_ connection: consuming Connection) -> Int {
    let slot = free.removeLast()
    assert(!slots.isUsed(slot) && Int(connection.localID & slotMask) == slot)
    slots.insert(connection, at: slot)
    byAddress[self[slot].address, default: []].append(slot)
    learnedRemote(of: slot)
    return slot
  }

  /// Call it when the peer's id of a connection may have become known.
  mutating func learnedRemote(of slot: Int) {
    let id = self[slot].remoteID
    if id != 0 { byRemote[RemoteKey(address: self[slot].address, id: id)] = slot }
  }

  mutating func remove(_ slot: Int) {
    let address = self[slot].address
    let key = RemoteKey(address: address, id: self[slot].remoteID)
    if byRemote[key] == slot { byRemote[key] = nil }
    byAddress[address]?.removeAll { $0 == slot }
    if byAddress[address]?.isEmpty == true { byAddress[address] = nil }
    slots.remove(slot)
    generations[slot] &+= 1
    free.append(slot)
  }
}
