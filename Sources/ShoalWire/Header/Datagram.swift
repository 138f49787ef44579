/// The last thing that is done to every datagram that leaves, and the first to every one that comes, whoever sent it and
/// to whom.
public enum Datagram {
  /// Finishes a datagram that is all there.
  public static func seal(_ datagram: UnsafeMutableRawBufferPointer) {
    seal(datagram, with: Checksum.compute(UnsafeRawBufferPointer(datagram)))
  }

  /// Finishes a datagram of which only the first `written` bytes are there, the header among them. `gather` copies the
  /// others to their place and continues a CRC over them as it does; if it cannot, it says so, and nothing is sealed.
  public static func seal(
    _ datagram: UnsafeMutableRawBufferPointer, written: Int,
    gather: (_ rest: UnsafeMutableRawBufferPointer, _ crc: inout UInt32) -> Bool
  ) -> Bool {
    var crc = Checksum.compute(UnsafeRawBufferPointer(rebasing: datagram[..<written]))
    if written < datagram.count {
      guard gather(UnsafeMutableRawBufferPointer(rebasing: datagram[written...]), &crc) else { return false }
    }
    seal(datagram, with: crc)
    return true
  }

  private static func seal(_ datagram: UnsafeMutableRawBufferPointer, with checksum: UInt32) {
    datagram.storeBytes(of: checksum.bigEndian, toByteOffset: Checksum.field.lowerBound, as: UInt32.self)
  }

  /// What there is to read of a datagram that is as it was sealed; nil if it is not.
  public static func open(_ datagram: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    Checksum.isValid(datagram) ? datagram : nil
  }
}
