/// A number's bytes, the lowest first.
public func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
  (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
}

/// A number's bytes, the highest first.
public func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] { littleEndian(number).reversed() }
