/// The proof that a peer sent or claimed what does not match a file's id.
public enum Lie: Hashable, Sendable {
  /// It offers a file of this many bytes; the id belongs to one of another size.
  case size(UInt64)
  /// The bytes that it sent of the manifest do not fold to the id.
  case manifest
  /// It alone sent this piece, which does not have its value.
  case piece(Int)
  /// It alone sent these bytes of the file, whose chaining value is `found` and must be `value`.
  case block(Range<UInt64>, value: Digest, found: Digest)
  /// The values that it sent for the blocks of this piece do not fold to the value of the piece.
  case tree(piece: Int)
}

extension Lie: CustomStringConvertible {
  /// A few words for people.
  public var description: String {
    switch self {
    case .size(let size): "offers \(size) bytes, which is not the file's size"
    case .manifest: "its manifest does not fold to the id"
    case .piece(let piece): "piece \(piece) does not match its hash"
    case .block(let bytes, let value, let found):
      "bytes \(bytes.lowerBound) to \(bytes.upperBound - 1) hash to \(found.short), not \(value.short)"
    case .tree(let piece): "its values for the blocks of piece \(piece) do not fold to that of the piece"
    }
  }
}
