/// Why bytes are not a packet of this protocol, and where they stop being one.
public struct WireError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Kind: Hashable, Sendable {
    /// The datagram ends inside the field.
    case truncated
    /// The magic number is wrong: it is not one of our datagrams.
    case magic
    /// The checksum does not match the bytes.
    case checksum
    /// A version that we do not speak.
    case version
    /// A packet or message type that this version does not have, or one with the reserved flag set.
    case unknownType
    /// The field's value is outside its range.
    case value
    /// The text is not UTF-8.
    case text
    /// The packet is too large for its buffer.
    case overflow
  }
  /// What is wrong.
  public var kind: Kind
  /// The byte at which the field begins.
  public var offset: Int
  private var name: StaticString

  /// The field, by its name in Protocol.md.
  public var field: String { name.description }

  /// A value out of range in the field `name` that begins at byte `offset`.
  public init(value name: StaticString, at offset: Int) { self.init(.value, name, at: offset) }

  init(_ kind: Kind, _ name: StaticString, at offset: Int) {
    self.kind = kind
    self.name = name
    self.offset = offset
  }

  /// The same fault at the same byte.
  public static func == (a: WireError, b: WireError) -> Bool { a.kind == b.kind && a.offset == b.offset }
  /// Hashes what `==` compares.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(offset)
  }
}

extension WireError: CustomStringConvertible {
  /// A phrase such as "window at byte 20: cut short".
  public var description: String {
    let what =
      switch kind {
      case .truncated: "cut short"
      case .magic: "not a Shoal datagram"
      case .checksum: "does not match the bytes"
      case .version: "unsupported version"
      case .unknownType: "unknown type"
      case .value: "out of range"
      case .text: "not UTF-8"
      case .overflow: "does not fit the datagram"
      }
    return "\(field) at byte \(offset): \(what)"
  }
}
