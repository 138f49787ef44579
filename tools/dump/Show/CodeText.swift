import ShoalWire

/// The names of codes, looked up once: an enumeration would look its name up each time it is asked.
enum CodeText {
  /// The names of packet types, by value.
  static let packets = (0..<256).map { PacketType(rawValue: UInt8($0))?.name ?? "" }
  static let messages = (0..<256).map { MessageType(rawValue: UInt8($0))?.name ?? "" }

  private static let names = CodeNames.allCases.map { names in (UInt64(0)..<64).map { names.name(of: $0) } }

  /// The name of a value, or nil if it has none.
  static func name(_ names: CodeNames, _ value: UInt64) -> String? {
    value < 64 ? Self.names[names.index][Int(value)] : names.name(of: value)
  }
}

extension CodeNames {
  fileprivate var index: Int {
    switch self {
    case .packetType: 0
    case .arq: 1
    case .closeCode: 2
    case .refusal: 3
    case .trackerError: 4
    case .encoding: 5
    case .space: 6
    case .messageType: 7
    }
  }
}
