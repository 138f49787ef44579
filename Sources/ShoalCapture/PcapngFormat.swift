/// Numbers of the pcapng file format (draft-ietf-opsawg-pcapng).
enum Pcapng {
  /// Block types (§11.1).
  static let sectionHeader: UInt32 = 0x0a0d_0d0a
  static let interfaceDescription: UInt32 = 1
  static let obsoletePacket: UInt32 = 2
  static let simplePacket: UInt32 = 3
  static let enhancedPacket: UInt32 = 6

  /// Whether blocks of a type are read; the others are skipped.
  static func isRead(_ type: UInt32) -> Bool {
    [sectionHeader, interfaceDescription, obsoletePacket, simplePacket, enhancedPacket].contains(type)
  }

  /// The number that has this value when it is read in the section's byte order (§4.1).
  static let byteOrderMagic: UInt32 = 0x1a2b_3c4d

  /// Option codes (§3.5, §4.1, §4.2, §4.3).
  static let endOfOptions: UInt16 = 0
  static let comment: UInt16 = 1
  static let hardware: UInt16 = 2
  static let operatingSystem: UInt16 = 3
  static let application: UInt16 = 4
  static let interfaceName: UInt16 = 2
  static let packetFlags: UInt16 = 2
  static let timestampResolution: UInt16 = 9
  static let timestampOffset: UInt16 = 14

  /// The direction, in the lowest two bits of the packet flags (§4.3.1).
  static let directionMask: UInt32 = 3
  static let inbound: UInt32 = 1
  static let outbound: UInt32 = 2
}

/// A length rounded up to a multiple of 4.
func padded(_ length: Int) -> Int { (length + 3) & ~3 }
