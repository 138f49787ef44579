import ShoalWire

extension Datagram {
  /// Whether it is a DATA packet, or an OPEN, that carries a message of this type.
  func hasMessage(_ type: MessageType) -> Bool {
    var found = false
    try? earlyMessages { _, part in found = found || part.type == type }
    guard case .data(let packet) = content else { return found }
    try? messages(from: packet.messages.offset) { _, part in found = found || part.type == type }
    return found
  }

  /// The bytes of content in its BLOCKs; nil if it has none.
  var contentBytes: Int? {
    guard case .data(let packet) = content else { return nil }
    var total: Int?
    try? messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
      guard part.type == .block else { return }
      total = (total ?? 0) + (try Block.read(bytes, part.body).content.count)
    }
    return total
  }

  /// Whether any field of this name stands in the relation to the value.
  ///
  /// For an inequality, the field must be there, and none of its values may be equal.
  func hasField(_ name: String, _ relation: Relation?, _ value: Token?) -> Bool {
    guard type != nil else { return false }
    let rows = DatagramLayout(bytes.span).rows.filter { $0.name == name }
    guard let relation, let value else { return rows.contains { !$0.isZero } }
    if relation == .unequal { return !rows.isEmpty && !rows.contains { $0.matches(.equal, value) } }
    return rows.contains { $0.matches(relation, value) }
  }
}

extension LayoutRow {
  fileprivate var isZero: Bool {
    switch value {
    case .number(let number, _): number == 0
    case .text(let text): text.isEmpty
    case .runs(let runs): runs.isEmpty
    case .bytes: range.count == 0
    case .digest, .address, .group: false
    }
  }

  fileprivate func matches(_ relation: Relation, _ token: Token) -> Bool {
    switch value {
    case .number(let number, let style):
      if case .code(let names) = style, let name = names.name(of: number), Quantity(token.text) == nil {
        return relation == .equal && name.lowercased() == token.text.lowercased()
      }
      if case .hex = style, relation == .equal {
        let digits = hex(number, range.count * 2)
        return digits.hasPrefix(token.text.lowercased()) || Quantity(token.text)?.value == Double(number)
      }
      guard let quantity = Quantity(token.text) else { return false }
      // Nanoseconds, so that what is written as 25ms equals 25,000 microseconds.
      let isTime = if case .microseconds = style { quantity.unit == "s" } else { false }
      return relation.holds(Double(number), isTime ? (quantity.value * 1e9).rounded() / 1e3 : quantity.value)
    case .digest(let digest): return relation == .equal && digest.hex.hasPrefix(token.text.lowercased())
    case .address(let address): return relation == .equal && HostPort(token.text)?.matches(address) == true
    case .text(let text): return relation == .contains ? text.contains(token.text) : relation.holds(text, token.text)
    case .runs(let runs):
      guard let number = UInt32(token.text) else { return false }
      return runs.contains { $0.first <= number && number < $0.end }
    case .bytes: return Quantity(token.text).map { relation.holds(Double(range.count), $0.value) } ?? false
    case .group: return false
    }
  }
}
