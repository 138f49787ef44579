/// Reads pcapng (draft-ietf-opsawg-pcapng) and pcap (draft-ietf-opsawg-pcap) files from chunks of bytes.
///
/// Hand it a chunk (`feed` or `read`), call `next` until it returns nil, and repeat; at the end of the file call
/// `finish`, and `next` until it returns nil once more. Used so, it never holds more than one chunk and one block.
/// Damage ends the reading: the packets before it are delivered, then `next` throws, and keeps throwing the same error.
package struct CaptureReader: ~Copyable, Sendable {
  /// The longest block of a type that is read, and the longest record; a longer one counts as damage. 16 MiB is far
  /// more than any packet needs. Blocks of other types may have any length, and are skipped as they arrive.
  package static var maximumBlock: Int { 1 << 24 }
  /// The most interfaces in a section; more count as damage. They need a limit because the reader must remember them.
  package static var maximumInterfaces: Int { 4096 }
  /// How many bytes of an interface's name are kept at most.
  static var maximumName: Int { 64 }

  /// The interfaces of the current section so far; one in a pcap file.
  package internal(set) var interfaces: [CaptureInterface] = []
  /// What the capturing machine calls each interface, if the file says, cut to `maximumName` bytes. The names are kept
  /// apart from `interfaces`, which is read for every packet.
  package internal(set) var interfaceNames: [String?] = []
  /// Whether packets may have passed several interfaces, because several are described or a cooked header names them;
  /// nil if only one has been described so far, but others may follow.
  package internal(set) var hasSeveralInterfaces: Bool?

  enum Format {
    case unknown
    case pcapng(ByteOrder)
    case pcap(ByteOrder)
  }

  var buffer = ByteBuffer()
  var format = Format.unknown
  /// The offset in the file of the first byte in `buffer`.
  var position: UInt64 = 0
  var packets: UInt64 = 0
  /// What remains of a block that is being skipped, and its length.
  var passing: (left: UInt64, length: UInt32)?
  private var isFinished = false
  private var failure: CaptureError?

  /// A reader at the start of a file.
  package init() {}

  /// Adds the next bytes of the file, by copying them.
  package mutating func feed(_ bytes: Span<UInt8>) { buffer.append(bytes) }

  /// Lets `read` put up to `count` of the file's next bytes into the reader's own memory. Returns what `read` returns:
  /// how many came, or nil if reading failed.
  package mutating func read(_ count: Int, _ read: (inout MutableSpan<UInt8>) -> Int?) -> Int? {
    buffer.append(count, read)
  }

  /// Tells the reader that the file ends here.
  package mutating func finish() { isFinished = true }

  /// The next packet; nil if more bytes are needed or, after `finish`, if the file ended where it may.
  package mutating func next() throws(CaptureError) -> CaptureRecord? {
    var record = CaptureRecord()
    return try next(&record) ? record : nil
  }

  /// Reads the next packet into `record`, which saves copying a large value; false where `next()` returns nil.
  package mutating func next(_ record: inout CaptureRecord) throws(CaptureError) -> Bool {
    if let failure { throw failure }
    do {
      while true {
        switch format {
        case .unknown:
          guard try detect() else { return false }
        case .pcapng(let order):
          switch try block(order, &record) {
          case .found: return true
          case .passed: continue
          case .starved: return false
          }
        case .pcap(let order):
          return try packet(order, &record)
        }
      }
    } catch {
      failure = error
      throw error
    }
  }

  /// Numbers a packet among those of the file, and notes its interface.
  mutating func count(_ record: inout CaptureRecord, interface: Int) {
    packets &+= 1
    (record.number, record.offset) = (packets, position)
    (record.interface, record.linkType) = (interface, interfaces[interface].linkType)
  }

  /// Called if the buffer ends before the item being read does; throws if nothing more will come.
  func starve() throws(CaptureError) {
    guard isFinished else { return }
    if passing == nil, buffer.count == 0, case .pcapng = format { return }
    if buffer.count == 0, case .pcap = format { return }
    throw damage(position == 0 && buffer.count == 0 ? .empty : .truncated)
  }

  /// The error with this reason, located at the start of the item being read.
  func damage(_ reason: CaptureError.Reason) -> CaptureError {
    let passed = passing.map { UInt64($0.length) &- $0.left } ?? 0
    return CaptureError(offset: position &- passed, reason: reason)
  }

  /// Skips bytes.
  mutating func consume(_ count: Int) {
    buffer.consume(count)
    position &+= UInt64(count)
  }

  private mutating func detect() throws(CaptureError) -> Bool {
    guard buffer.count >= 4 else {
      try starve()
      return false
    }
    switch buffer.uint32(at: 0, .big) {
    case Pcapng.sectionHeader:
      // The section header, which comes first, gives the byte order.
      format = .pcapng(.little)
      return true
    case Pcap.microseconds: return try pcapHeader(.big, .microseconds)
    case Pcap.nanoseconds: return try pcapHeader(.big, .nanoseconds)
    case Pcap.microseconds.byteSwapped: return try pcapHeader(.little, .microseconds)
    case Pcap.nanoseconds.byteSwapped: return try pcapHeader(.little, .nanoseconds)
    case let magic: throw damage(Self.compressor(magic).map { .compressed($0) } ?? .unknownFormat)
    }
  }

  /// The program whose compressed files begin with these bytes.
  private static func compressor(_ magic: UInt32) -> String? {
    switch magic {
    case _ where magic >> 16 == 0x1f8b: "gzip"
    case _ where magic >> 8 == 0x42_5a68: "bzip2"
    case 0x28b5_2ffd: "zstd"
    case 0xfd37_7a58: "xz"
    case 0x0422_4d18: "lz4"
    default: nil
    }
  }
}
