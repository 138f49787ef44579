import ShoalBase
import ShoalContent

/// What is known about a file's pieces, kept on the disk beside them: the manifest, the pieces that are verified and on
/// the disk, and the state of the file at that time.
///
/// A journal is a preamble followed by records, each with a check over itself and the check before it. It is only ever
/// appended to, so that a crash can damage only its end. Appendix C of Protocol.md has the layout.
package struct Journal: Sendable {
  /// The version of the format that is written, and the only one that is understood.
  package static let version: UInt32 = 1

  /// The manifest; it folds to its id, whoever wrote the journal.
  package let manifest: Manifest
  /// The pieces that were verified, and were on the disk before they were noted.
  package private(set) var pieces: BitSet
  /// The state of the file at the last note; nil if there is only the manifest.
  package private(set) var stamp: FileStamp?
  /// Whether all of `pieces` were verified in the run that wrote the last note, or came from a part that had not been
  /// touched.
  package private(set) var isProven = false
  /// Where the next record goes.
  package private(set) var end: End

  /// The end of a journal.
  package struct End: Hashable, Sendable {
    /// The bytes before it.
    package var offset: UInt64
    /// The check of the record before it.
    var check: Digest
  }

  /// The result of reading a journal.
  package enum Reading: Sendable {
    /// There is none, or it cannot be read.
    case none
    case journal(Journal)
    /// It is damaged.
    case damaged
    /// Somebody else may have written it.
    case foreign
    /// Another version of this program wrote it.
    case otherVersion(UInt32)
  }

  enum Kind: UInt8 {
    case file = 1
    case note = 2
  }

  static let magic: [UInt8] = Array("shoaljnl".utf8)
  static let preambleLength = magic.count + 4
  /// The kind, and the length of the body.
  static let headLength = 5
  static let stampLength = 49

  /// The largest journal that is read, in bytes: that of the largest file, with a million notes.
  package static let mostBytes = (Limits.chunks * 32 + 4_096) + 128 << 20

  init(_ manifest: Manifest, _ end: End) {
    (self.manifest, self.end) = (manifest, end)
    pieces = BitSet(capacity: manifest.cut.pieces)
  }

  /// Parses the bytes of a journal, up to the first incomplete or damaged record.
  package static func read(_ bytes: [UInt8]) -> Reading {
    guard bytes.count >= preambleLength, bytes.starts(with: magic) else { return .damaged }
    let version = bytes.span.bigEndian(at: magic.count, as: UInt32.self)
    guard version == Journal.version else { return .otherVersion(version) }
    var end = End(offset: UInt64(preambleLength), check: preambleCheck)
    guard let (kind, body) = record(bytes, &end), kind == Kind.file.rawValue,
      let manifest = manifest(bytes.span.extracting(body))
    else { return .damaged }
    var journal = Journal(manifest, end)
    while let (kind, body) = record(bytes, &end), kind == Kind.note.rawValue,
      journal.take(bytes.span.extracting(body))
    { journal.end = end }
    return .journal(journal)
  }

  /// The kind and body of the next record, if it is intact.
  private static func record(_ bytes: [UInt8], _ end: inout End) -> (kind: UInt8, body: Range<Int>)? {
    let start = Int(end.offset)
    guard bytes.count - start >= headLength + Digest.byteCount else { return nil }
    let length = Int(bytes.span.bigEndian(at: start + 1, as: UInt32.self))
    let body = start + headLength
    guard length <= bytes.count - body - Digest.byteCount else { return nil }
    let check = check(bytes.span.extracting(start..<body + length), after: end.check)
    guard check == Digest(bytes.span, at: body + length) else { return nil }
    end = End(offset: UInt64(body + length + Digest.byteCount), check: check)
    return (bytes[start], body..<body + length)
  }

  private static func manifest(_ body: Span<UInt8>) -> Manifest? {
    guard body.count >= fileLength else { return nil }
    let cut = Cut(
      size: body.bigEndian(at: 32, as: UInt64.self), pieceExponent: body[40],
      chunks: body.bigEndian(at: 41, as: UInt32.self))
    guard cut.isValid, body.count == fileLength + cut.manifestLength else { return nil }
    return Manifest(id: Digest(body), cut: cut, verifying: [UInt8](body.extracting(fileLength...)))
  }

  private mutating func take(_ body: Span<UInt8>) -> Bool {
    guard body.count >= Journal.stampLength, (body.count - Journal.stampLength) % 8 == 0 else { return false }
    func number(_ index: Int) -> UInt64 { body.bigEndian(at: 8 * index, as: UInt64.self) }
    stamp = FileStamp(
      device: number(0), inode: number(1), size: number(2), modified: Int64(bitPattern: number(3)),
      changed: Int64(bitPattern: number(4)), time: Int64(bitPattern: number(5)))
    isProven = body[48] == 1
    for offset in stride(from: Journal.stampLength, to: body.count, by: 8) {
      let first = body.bigEndian(at: offset, as: UInt32.self)
      pieces.insert(ChunkRun(first: first, count: body.bigEndian(at: offset + 4, as: UInt32.self)))
    }
    return true
  }

  static let fileLength = 32 + 8 + 1 + 4

  static var preambleCheck: Digest {
    let preamble = Journal.preamble
    return Blake3.hash(preamble.span)
  }

  static func check(_ record: Span<UInt8>, after check: Digest) -> Digest { Blake3.keyed(key: check, record) }
}

// Writing.
extension Journal {
  fileprivate static var preamble: [UInt8] {
    var bytes = magic
    bytes.append(bigEndian: version)
    return bytes
  }

  /// A new journal for a file: its bytes and its end.
  package static func beginning(_ manifest: Manifest) -> (bytes: [UInt8], end: End) {
    var bytes = preamble
    var end = End(offset: UInt64(bytes.count), check: preambleCheck)
    var body: [UInt8] = []
    let id = manifest.id.bytes
    body.append(id.span)
    body.append(bigEndian: manifest.cut.size)
    body.append(manifest.cut.pieceExponent)
    body.append(bigEndian: manifest.cut.chunks)
    body.append(manifest.bytes.span)
    let record = record(.file, body, &end)
    bytes.append(record.span)
    return (bytes, end)
  }

  /// The next record: these pieces are verified and on the disk, and the file is in this state. With `isProven`, that
  /// holds for all earlier notes too.
  package static func note(_ pieces: BitSet, _ stamp: FileStamp, isProven: Bool, at end: inout End) -> [UInt8] {
    var body: [UInt8] = []
    for number in [stamp.device, stamp.inode, stamp.size] { body.append(bigEndian: number) }
    for number in [stamp.modified, stamp.changed, stamp.time] { body.append(bigEndian: number) }
    body.append(isProven ? 1 : 0)
    for run in pieces.runs() {
      body.append(bigEndian: run.first)
      body.append(bigEndian: run.count)
    }
    return record(.note, body, &end)
  }

  private static func record(_ kind: Kind, _ body: [UInt8], _ end: inout End) -> [UInt8] {
    var bytes = [kind.rawValue]
    bytes.append(bigEndian: UInt32(body.count))
    bytes.append(body.span)
    end.check = check(bytes.span, after: end.check)
    let check = end.check.bytes
    bytes.append(check.span)
    end.offset += UInt64(bytes.count)
    return bytes
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
    for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}
