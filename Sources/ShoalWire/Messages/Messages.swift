import ShoalContent

/// The messages that DATA packets carry: a type byte, two bytes of length, and that many bytes of fields.
public enum MessageType: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  case want = 1
  case offer = 2
  case have = 3
  case request = 4
  case cancel = 5
  case block = 6
  case refuse = 7
  case known = 8
  case hello = 9
  case same = 10
  case progress = 11
  case pass = 12

  /// The bytes of type and length.
  public static let overhead = MessageHeader().end(from: 0)
  /// The name that Protocol.md and the inspector give it.
  public var name: String { "\(self)".uppercased() }
}

/// What a byte range belongs to.
public enum ContentSpace: UInt8, Sendable {
  /// The file.
  case content = 0
  /// Its manifest: the proof of its size, then the chaining value of every piece.
  case manifest = 1
  /// Its tree: the chaining value of every block of 16 KiB.
  case tree = 2
}

/// Why a file or a range of it is not sent.
public enum Refusal: UInt16, Sendable, CaseIterable, CustomStringConvertible {
  /// The sender does not have the file, or no longer has it.
  case unknownFile = 0
  /// More files are wanted on this connection than it accepts.
  case tooManyFiles = 1
  /// The range is outside the file, or in a chunk that the sender does not have.
  case notHere = 2
  /// More ranges are requested than the sender keeps.
  case tooManyRequests = 3

  /// The name in Protocol.md.
  public var description: String {
    switch self {
    case .unknownFile: "unknown_file"
    case .tooManyFiles: "too_many_files"
    case .notHere: "not_here"
    case .tooManyRequests: "too_many_requests"
    }
  }
}

/// What precedes the fields of every message.
struct MessageHeader: FieldGroup {
  /// A `MessageType`.
  var type: UInt8 = 0
  /// How many bytes of fields follow.
  var length: UInt16 = 0

  @inline(__always)
  mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u8("message", &type, .code(.messageType))
    try v.u16("length", &length)
  }
}

/// A message and its type.
public protocol Message: FieldGroup {
  /// The type that precedes it.
  static var type: MessageType { get }
}

/// WANT: the sender wants to download a file, and names it `file` from now on, on this connection.
public struct Want: Message, Hashable {
  /// The type byte of a WANT.
  public static let type = MessageType.want
  /// The number that the sender gives the file, not used before on this connection.
  public var file: UInt16 = 0
  /// The BLAKE3 hash of the file.
  public var id = Digest.zero
  /// 1 if the sender will serve the file's chunks as it gets them, otherwise 0.
  public var serves: UInt8 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a WANT, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.digest("id", &id)
    try v.u8("serves", &serves)
  }
}

/// OFFER: answers a WANT with the file's cut and the chunks that the sender has. HAVE adds to them.
public struct Offer: Message, Hashable {
  /// The type byte of an OFFER.
  public static let type = MessageType.offer
  /// The number in the WANT that is answered.
  public var file: UInt16 = 0
  /// The file's size in bytes.
  public var size: UInt64 = 0
  /// The piece size in bytes is two to this power.
  public var pieceExponent: UInt8 = 0
  /// The number of chunks.
  public var chunks: UInt32 = 0
  /// The file's name; not to be trusted.
  public var name = ""
  /// The chunks that the sender has.
  public var have: [ChunkRun] = []

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of an OFFER, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.u64("size", &size)
    try v.u8("piece_exponent", &pieceExponent)
    try v.u32("chunks", &chunks)
    try v.text("name", &name)
    try v.runs("have", &have)
  }
}

/// HAVE: the sender has more chunks.
public struct Have: Message, Hashable {
  /// The type byte of a HAVE.
  public static let type = MessageType.have
  /// The number in the WANT that the OFFER answered.
  public var file: UInt16 = 0
  /// The chunks gained, by the sender's cut.
  public var chunks: [ChunkRun] = []

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a HAVE, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.runs("chunks", &chunks)
  }
}

/// A run of bytes of one of the content spaces of a file.
public struct RangeField: FieldGroup, Hashable {
  /// The first byte, counted from the beginning of the space.
  public var offset: UInt64 = 0
  /// How many bytes, at least 1.
  public var length: UInt32 = 0

  /// All fields zero or empty.
  public init() {}
  /// The bytes `offset ..< offset + length`.
  public init(offset: UInt64, length: UInt32) {
    self.offset = offset
    self.length = length
  }

  /// Visits the fields of a range, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("offset", &offset)
    try v.u32("length", &length)
  }
}

/// REQUEST: send these bytes.
public struct Request: Message, Hashable {
  /// The type byte of a REQUEST.
  public static let type = MessageType.request
  /// The number that the sender gave the file in its WANT.
  public var file: UInt16 = 0
  /// A `ContentSpace`.
  public var space: UInt8 = 0
  /// The bytes wanted, at most 96 ranges.
  public var ranges: [RangeField] = []

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a REQUEST, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.u8("space", &space, .code(.space))
    try v.list("ranges", &ranges)
  }
}

/// CANCEL: any of these bytes not yet sent need not be sent.
public struct Cancel: Message, Hashable {
  /// The type byte of a CANCEL.
  public static let type = MessageType.cancel
  /// The number that the sender gave the file in its WANT.
  public var file: UInt16 = 0
  /// A `ContentSpace`.
  public var space: UInt8 = 0
  /// The bytes no longer wanted, at most 96 ranges; if there is none, the whole file is no longer wanted.
  public var ranges: [RangeField] = []

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a CANCEL, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.u8("space", &space, .code(.space))
    try v.list("ranges", &ranges)
  }
}

/// BLOCK: bytes that were requested.
public struct Block: Message, Hashable, BitwiseCopyable {
  /// The type byte of a BLOCK.
  public static let type = MessageType.block
  /// The bytes of type, length and fields, before the content.
  public static let overhead = Block().encodedSize

  /// The number that the receiver gave the file in its WANT.
  public var file: UInt16 = 0
  /// A `ContentSpace`.
  public var space: UInt8 = 0
  /// Where the content belongs.
  public var offset: UInt64 = 0
  /// The content.
  public var content = ByteRange()

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a BLOCK, in the order of their bytes.
  @inline(__always)
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.u8("space", &space, .code(.space))
    try v.u64("offset", &offset)
    try v.rest("content", &content)
  }
}

/// REFUSE: says that a WANT or REQUEST is not met.
public struct Refuse: Message, Hashable {
  /// The type byte of a REFUSE.
  public static let type = MessageType.refuse
  /// The number that the receiver gave the file in its WANT.
  public var file: UInt16 = 0
  /// A `Refusal`.
  public var code: UInt16 = 0
  /// A `ContentSpace`.
  public var space: UInt8 = 0
  /// The ranges that are refused; if there is none, the whole file is.
  public var ranges: [RangeField] = []

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a REFUSE, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.u16("code", &code, .code(.refusal))
    try v.u8("space", &space, .code(.space))
    try v.list("ranges", &ranges)
  }
}

/// KNOWN: other peers that have the file, or are fetching it, all of which the sender has reached itself.
public struct Known: Message, Hashable {
  /// The type byte of a KNOWN.
  public static let type = MessageType.known
  /// The number that the receiver gave the file in its WANT.
  public var file: UInt16 = 0
  /// The peers, at most 32.
  public var peers: [KnownPeer] = []

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a KNOWN, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.list("peers", &peers)
  }
}

/// A peer that a KNOWN names.
public struct KnownPeer: FieldGroup, Hashable {
  /// Where the sender reaches it.
  public var address = Address(ipv4: 0, port: 0)

  /// All fields zero or empty.
  public init() {}
  /// The peer at this address.
  public init(_ address: Address) { self.address = address }

  /// Visits the fields of an entry of KNOWN, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.address("address", &address)
  }
}

/// HELLO: names the sender, so that a peer with several addresses is recognised. Sent once, at the front of a
/// connection.
public struct Hello: Message, Hashable {
  /// The type byte of a HELLO.
  public static let type = MessageType.hello
  /// A random number, the same on all of the sender's connections until it is restarted; 0 identifies nobody.
  public var peer: UInt64 = 0

  /// All fields zero.
  public init() {}

  /// Visits the fields of a HELLO, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("peer", &peer, .hex)
  }
}

/// SAME: proves that the sender is also at the other end of an older connection, so that this one can be closed.
public struct Same: Message, Hashable {
  /// The type byte of a SAME.
  public static let type = MessageType.same
  /// What only the ends of both connections can compute: see `proof(kept:ended:)`.
  public var proof: UInt64 = 0

  /// All fields zero.
  public init() {}

  /// Visits the fields of a SAME, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("proof", &proof, .hex)
  }
}

/// PROGRESS: how far along the sender is with a file that it wants.
public struct Progress: Message, Hashable {
  /// The type byte of a PROGRESS.
  public static let type = MessageType.progress
  /// The number that the sender gave the file in its WANT.
  public var file: UInt16 = 0
  /// The bytes of the file that the sender has, verified.
  public var bytes: UInt64 = 0
  /// How many of them came from the receiver of this message.
  public var received: UInt64 = 0

  /// All fields zero or empty.
  public init() {}

  /// Visits the fields of a PROGRESS, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u16("file", &file)
    try v.u64("bytes", &bytes)
    try v.u64("received", &received)
  }
}
