import ShoalTerminal
import ShoalWire

/// A comparison whose field and value are understood.
enum Predicate {
  case number(PacketField, Relation, Double)
  case address(PacketField, Relation, HostPort)
  case type(Relation, PacketType?)
  case mark(Relation, Mark)
  case message(Relation, MessageType)
  case hex(PacketField, Relation, String)
  case truth(PacketField, Relation, Bool)
  /// A field of the protocol, by name; without a relation: whether the datagram has it, and it is not zero.
  case field(String, Relation?, Token?)
  /// A field that may be absent.
  case present(PacketField)

  init(_ comparison: Comparison) throws(ExpressionError) {
    let name = Self.name(comparison.field.text)
    guard let relation = comparison.relation, let value = comparison.value else {
      self = try Self.alone(name, comparison.field)
      return
    }
    guard let field = PacketField(rawValue: name) else {
      guard Schema.fieldNames.contains(name) else { throw Self.notCompared(name, comparison.field) }
      if Schema.spans.contains(name), let quantity = Quantity(value.text),
        let fault = Dimension.time.fault(quantity, value.text, of: name)
      {
        throw ExpressionError(reason: fault, column: value.column)
      }
      self = .field(name, relation, value)
      return
    }
    func wrong(_ need: String) -> ExpressionError { ExpressionError(reason: need, column: value.column) }
    func ordered() throws(ExpressionError) {
      guard relation == .equal || relation == .unequal else {
        throw ExpressionError(reason: "\(name) can only be compared with == or !=", column: comparison.field.column)
      }
    }
    switch field.kind {
    case .number, .seconds, .bytes, .port:
      guard let quantity = Quantity(value.text) else {
        let other = Self.name(value.text)
        let isField = PacketField(rawValue: other) != nil || Schema.fieldNames.contains(other)
        throw wrong(
          isField
            ? "a field cannot be compared with a field" : "\(name) is a number, not '\(escaped(value.text))'")
      }
      let dimension =
        if case .seconds = field.kind { Dimension.time } else if case .bytes = field.kind { Dimension.size } else {
          Dimension.plain
        }
      if let fault = dimension.fault(quantity, value.text, of: name) { throw wrong(fault) }
      self = .number(field, relation, quantity.value)
    case .address:
      try ordered()
      guard let address = HostPort(value.text) else {
        throw wrong(
          "'\(escaped(value.text))' is not an address: write 192.0.2.7, 192.0.2.7:7401, [2001:db8::1]:7401 or :7401")
      }
      self = .address(field, relation, address)
    case .name(let names):
      try ordered()
      guard names.contains(value.text.lowercased()) else {
        throw wrong("no \(name) is '\(escaped(value.text))'; \(Self.choice(value.text.lowercased(), among: names))")
      }
      self = Self.named(field, relation, value.text.lowercased())
    case .hex:
      try ordered()
      let digits = value.text.hasPrefix("0x") ? String(value.text.dropFirst(2)) : value.text
      guard digits.count <= 16, !digits.isEmpty, digits.allSatisfy(\.isHexDigit) else {
        throw wrong("\(name) is up to 16 hexadecimal digits")
      }
      self = .hex(field, relation, digits.lowercased())
    case .truth:
      try ordered()
      guard let truth = ["true": true, "1": true, "false": false, "0": false][value.text] else {
        throw wrong("\(name) is true or false")
      }
      self = .truth(field, relation, truth)
    }
  }

  /// The name of a field as it was typed; the dissector for Wireshark calls it `shoal.seq` or `shoal.close.code`.
  private static func name(_ typed: String) -> String {
    let name = typed.lowercased()
    guard name.hasPrefix("shoal.") else { return name }
    let bare = name.dropFirst("shoal.".count)
    return bare == PacketField.checksumOK.rawValue ? String(bare) : String(bare.split(separator: ".").last ?? bare)
  }

  /// A name without a value: a mark, a message, a truth, or a field that must be there.
  private static func alone(_ name: String, _ token: Token) throws(ExpressionError) -> Predicate {
    if let mark = Mark(name: name) { return .mark(.equal, mark) }
    if let field = PacketField(rawValue: name) {
      if case .truth = field.kind { return .truth(field, .equal, true) }
      return .present(field)
    }
    if Schema.fieldNames.contains(name) { return .field(name, nil, nil) }
    if let message = MessageType.allCases.first(where: { $0.name.lowercased() == name }) {
      return .message(.equal, message)
    }
    if let type = PacketType.allCases.first(where: { $0.name.lowercased() == name }) { return .type(.equal, type) }
    throw unknown(token)
  }

  private static func named(_ field: PacketField, _ relation: Relation, _ name: String) -> Predicate {
    switch field {
    case .mark: .mark(relation, Mark(name: name) ?? .corrupt)
    case .message: .message(relation, MessageType.allCases.first { $0.name.lowercased() == name } ?? .block)
    default: .type(relation, PacketType.allCases.first { $0.name.lowercased() == name })
    }
  }

  private static func choice(_ word: String, among names: [String]) -> String {
    let near = markMeant(by: word).flatMap { names.contains($0) ? $0 : nil } ?? nearMiss(word, among: names)
    return near.map { "did you mean \($0)?" } ?? "there are \(names.joined(separator: ", "))"
  }

  /// The error for what can stand alone, but cannot be compared.
  private static func notCompared(_ name: String, _ token: Token) -> ExpressionError {
    if Mark(name: name) != nil {
      return ExpressionError(reason: "\(name) is a mark: write it alone, or !\(name)", column: token.column)
    }
    for field in [PacketField.type, .message] {
      guard case .name(let names) = field.kind, names.contains(name) else { continue }
      return ExpressionError(reason: "\(name) is not a field; write \(field) == \(name)", column: token.column)
    }
    return unknown(token)
  }

  private static func unknown(_ token: Token) -> ExpressionError {
    let names = PacketField.allCases.map(\.rawValue) + Mark.allCases.map(\.name) + Schema.fieldNames
    let word = token.text.lowercased()
    let near = markMeant(by: word) ?? nearMiss(word, among: names)
    let hint = near.map { "; did you mean \($0)?" } ?? "; 'shoal-dump --fields' lists them"
    return ExpressionError(reason: "there is no field '\(escaped(token.text))'\(hint)", column: token.column)
  }
}
