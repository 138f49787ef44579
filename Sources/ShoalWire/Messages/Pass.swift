/// PASS: what the receiver may put into its next OPEN to the sender, where it proves the address and says what the
/// sender knew of the path.
public struct Pass: Message, Hashable {
  /// The type byte of a PASS.
  public static let type = MessageType.pass
  /// What only the sender can make, for the receiver's address and these terms; not 0.
  public var token: UInt64 = 0
  /// What the sender wants to be told again; its meaning is the sender's own.
  public var terms: UInt64 = 0

  /// All fields zero or empty.
  public init() {}
  /// A pass with these values.
  public init(token: UInt64, terms: UInt64) { (self.token, self.terms) = (token, terms) }

  /// Visits the fields of a PASS, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("token", &token, .hex)
    try v.u64("terms", &terms, .hex)
  }
}
