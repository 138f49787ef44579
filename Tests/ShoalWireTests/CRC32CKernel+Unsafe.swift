import CShoalKernels

// Safety: the spans' memory lives until the call returns, and has as many bytes as the kernel is told to read or write.

/// One of the C kernels that this machine can run.
struct CRC32CKernel {
  static let all = (0...shoal_crc32c_kernel()).map { CRC32CKernel(number: $0) }
  let number: UInt32

  func checksum(_ bytes: Span<UInt8>) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { unsafe shoal_crc32c(number, 0, $0.baseAddress, $0.count) }
  }

  func datagram(_ bytes: Span<UInt8>) -> UInt32 {
    precondition(bytes.count >= 8)
    return unsafe bytes.withUnsafeBufferPointer { unsafe shoal_crc32c_datagram(number, $0.baseAddress, $0.count) }
  }

  /// Copies bytes to a place in an array, and continues `crc` over them.
  func copy(_ bytes: Span<UInt8>, to target: inout [UInt8], at place: Int, continuing crc: UInt32) -> UInt32 {
    precondition(place >= 0 && bytes.count <= target.count - place)
    return unsafe bytes.withUnsafeBufferPointer { source in
      unsafe target.withUnsafeMutableBytes { target in
        unsafe shoal_crc32c_copy(number, crc, target.baseAddress! + place, source.baseAddress, source.count)
      }
    }
  }
}
