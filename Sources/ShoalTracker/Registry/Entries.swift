import ShoalBase
import ShoalContent
import ShoalWire

/// A registration: a peer of a file. Its address and how much it has are with the file's members, where replies read
/// them.
struct Entry: Chained {
  var next = chainEnd
  var hash: UInt32 = 0
  /// The file, and how the peer has cut it and named it; `chainEnd` while the entry is free.
  var label = chainEnd
  /// Its place among the file's members of its family; the highest bit says that this is IPv6.
  var place: UInt32 = 0
  /// When it last registered or updated, in milliseconds that wrap around.
  var heard: UInt32 = 0
  /// The chunks that it has; `WordArena.none` where it has all or none.
  var map = WordArena.none

  /// The family of its address: 0 for IPv4, 1 for IPv6.
  var family: Int { Int(place >> 31) }
  /// Its place among the file's members of that family.
  var position: Int { Int(place & 0x7fff_ffff) }
}

/// A cut and a name of a file: most registrations of a file share one.
struct Label: Chained {
  var next = chainEnd
  var hash: UInt32 = 0
  var file: UInt32 = 0
  /// How many registrations have it.
  var users: UInt32 = 0
  /// Its place in the order in which labels were made.
  var serial: UInt32 = 0
  var chunks: UInt32 = 0
  var size: UInt64 = 0
  /// The block of the name's bytes.
  var name = WordArena.none
  var nameLength: UInt8 = 0
  var pieceExponent: UInt8 = 0

  var cut: Cut { Cut(size: size, pieceExponent: pieceExponent, chunks: chunks) }
}

/// A file that at least one peer has registered.
struct TrackedFile: Chained {
  var next = chainEnd
  var hash: UInt32 = 0
  var id: Digest
  var members = FileMembers()
  /// The peer whose name and cut stand for the file.
  var claimant = chainEnd
  /// Where FIND finds it by name and by the beginning of its id; `chainEnd` where it does not.
  var name = chainEnd, short = chainEnd
  var namePlace: UInt32 = 0, shortPlace: UInt32 = 0
  /// A random number: from where on the next reply names members.
  var lot: UInt32 = 0

  init(_ id: Digest) { self.id = id }

  /// How many peers it has.
  var count: Int { members.ipv4.count + members.ipv6.count }
  /// How many hosts they are.
  var hostCount: Int { members.ipv4.hostCount + members.ipv6.hostCount }
}

/// The peers of a file, those of each family apart: 0 is IPv4, 1 is IPv6.
struct FileMembers: BitwiseCopyable {
  var ipv4 = Members()
  var ipv6 = Members()

  subscript(family: Int) -> Members {
    get { family == 0 ? ipv4 : ipv6 }
    set { if family == 0 { ipv4 = newValue } else { ipv6 = newValue } }
  }
}

/// The peers of a file that have addresses of one family, in groups: those that are the first of their host, by whether
/// they have all, some or none of the file, and then the further ones of the same hosts, likewise. Within a group their
/// order is random, so that any consecutive ones are a fair sample.
struct Members: BitwiseCopyable {
  /// Where each group ends.
  var ends = GroupEnds()
  /// The block of up to 32 members, or of the numbers of blocks of 32.
  var block = WordArena.none
  /// How many members there is room for, and how many blocks there is room to list.
  var capacity: UInt32 = 0, listed: UInt32 = 0

  var count: Int { Int(ends[5]) }
  var hostCount: Int { Int(ends[2]) }

  /// The places of a group.
  func places(_ group: Int) -> Range<Int> { (group == 0 ? 0 : Int(ends[group - 1]))..<Int(ends[group]) }
  /// The group of a place.
  func group(of place: Int) -> Int {
    var group = 0
    while group < 5, place >= Int(ends[group]) { group += 1 }
    return group
  }
}

/// A number for each of the six groups. Fields rather than an array, as the processor then has them in registers.
struct GroupEnds: BitwiseCopyable {
  private var first: (UInt32, UInt32, UInt32) = (0, 0, 0), further: (UInt32, UInt32, UInt32) = (0, 0, 0)

  subscript(group: Int) -> UInt32 {
    @inline(__always) get {
      switch group {
      case 0: first.0
      case 1: first.1
      case 2: first.2
      case 3: further.0
      case 4: further.1
      default: further.2
      }
    }
    @inline(__always) set {
      switch group {
      case 0: first.0 = newValue
      case 1: first.1 = newValue
      case 2: first.2 = newValue
      case 3: further.0 = newValue
      case 4: further.1 = newValue
      default: further.2 = newValue
      }
    }
  }
}

extension Range<Int> {
  /// The element that a random number stands for; the range must not be empty.
  @inline(__always) func place(_ lot: UInt32) -> Int { lowerBound + Int((UInt64(lot) * UInt64(count)) >> 32) }
}

/// The groups of `Members`; those of the further peers of a host are three higher.
enum MemberGroup {
  static let complete = 0
  static let partial = 1
  static let empty = 2
  static let further = 3

  static func of(share: UInt8) -> Int { share == .max ? complete : share == 0 ? empty : partial }
}

/// How much of a file a peer has, in a byte: 0 nothing, 255 all, otherwise 1 to 254 in proportion.
func shareByte(have: Int, of chunks: Int) -> UInt8 {
  if have >= chunks { return .max }
  return have == 0 ? 0 : UInt8(clamping: 1 + have * 254 / chunks)
}
