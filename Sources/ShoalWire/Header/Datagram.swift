import ShoalBase

/// The last thing that is done to every datagram that leaves, and the first to every one that comes, whoever sent it and
/// to whom.
public enum Datagram {
  /// Finishes a datagram that is all there.
  public static func seal(_ datagram: inout MutableSpan<UInt8>) {
    datagram.store(bigEndian: Checksum.compute(datagram.span), at: Checksum.field.lowerBound)
  }

  /// Finishes a datagram that is all there.
  public static func seal(_ datagram: inout [UInt8]) {
    var span = datagram.mutableSpan
    seal(&span)
  }

  /// Finishes a datagram of which only the first `written` bytes are there, the header among them. `gather` copies the
  /// others to their place and continues a CRC over them as it does; if it cannot, it says so, and nothing is sealed.
  public static func seal(
    _ datagram: inout MutableSpan<UInt8>, written: Int,
    gather: (_ rest: inout MutableSpan<UInt8>, _ crc: inout UInt32) -> Bool
  ) -> Bool {
    var crc = Checksum.compute(datagram.span.extracting(..<written))
    if written < datagram.count {
      var rest = datagram._mutatingExtracting(written...)
      guard gather(&rest, &crc) else { return false }
    }
    datagram.store(bigEndian: crc, at: Checksum.field.lowerBound)
    return true
  }

  /// What there is to read of a datagram that is as it was sealed; nil if it is not.
  @_lifetime(copy datagram)
  public static func open(_ datagram: Span<UInt8>) -> Span<UInt8>? { Checksum.isValid(datagram) ? datagram : nil }
}
