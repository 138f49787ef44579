import ShoalContent

extension Cut: FieldGroup {
  /// Visits the fields of a cut, in the order of their bytes.
  public mutating func fields<V: FieldVisitor & ~Copyable & ~Escapable>(_ v: inout V) throws(WireError) {
    try v.u64("size", &size)
    try v.u8("piece_exponent", &pieceExponent)
    try v.u32("chunks", &chunks)
  }
}
