import CShoalKernels

// Safety: the spans' memory lives until the call returns, and has as many bytes as a kernel is told to read or write; it
// keeps no pointer.

// Calls the C kernels.
extension CRC32C {
  private static let kernel = shoal_crc32c_kernel()

  /// The CRC `crc`, which is 0 at the start, continued over `bytes`.
  public static func checksum(_ bytes: Span<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe shoal_crc32c(kernel, crc, bytes.baseAddress, bytes.count)
    }
  }

  /// The CRC of a whole datagram with its checksum field, bytes 4..<8, taken as zero; 0 where there are fewer than 8
  /// bytes.
  public static func datagram(_ bytes: Span<UInt8>) -> UInt32 {
    guard bytes.count >= 8 else { return 0 }
    return unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe shoal_crc32c_datagram(kernel, bytes.baseAddress, bytes.count)
    }
  }

  /// Copies `bytes` to the front of `destination`, which has room for them, and returns the CRC `crc` continued over
  /// them: one pass where copying and checking would take two.
  public static func copy(
    _ bytes: Span<UInt8>, to destination: inout MutableSpan<UInt8>, continuing crc: UInt32
  ) -> UInt32 {
    precondition(destination.count >= bytes.count)
    guard !bytes.isEmpty else { return crc }
    return unsafe destination.withUnsafeMutableBufferPointer { destination in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        unsafe shoal_crc32c_copy(kernel, crc, destination.baseAddress, bytes.baseAddress, bytes.count)
      }
    }
  }
}
