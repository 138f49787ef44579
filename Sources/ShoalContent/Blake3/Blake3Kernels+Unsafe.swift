import CShoalKernels

// Safety: the memory lives until the call returns, and is checked to hold as much as a kernel reads and writes, which
// keeps no pointer.

/// Calls the C kernels, 1...`count`.
enum Blake3Kernels {
  /// How many this processor can run: the last is the fastest.
  static var count: UInt32 { shoal_blake3_kernel() }

  /// Writes the chaining values of `count` whole leaves at the front of `bytes`.
  static func leaves(
    _ kernel: UInt32, _ bytes: Span<UInt8>, count: Int, first: UInt64, mode: Blake3.Mode,
    into values: inout MutableSpan<Digest>
  ) {
    precondition(count >= 0 && bytes.count / Blake3.leafBytes >= count && values.count >= count)
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe values.withUnsafeMutableBufferPointer { values in
        unsafe withUnsafePointer(to: mode.start) { start in
          unsafe shoal_blake3_leaves(kernel, bytes.baseAddress, count, start, first, mode.flags, values.baseAddress)
        }
      }
    }
  }

  /// Overwrites the first of the `2 * count` nodes with their `count` parents.
  static func parents(
    _ kernel: UInt32, _ nodes: inout MutableSpan<Digest>, count: Int, mode: Blake3.Mode, flags: UInt32
  ) {
    precondition(count >= 0 && nodes.count / 2 >= count)
    unsafe nodes.withUnsafeMutableBufferPointer { nodes in
      unsafe withUnsafePointer(to: mode.start) { start in
        unsafe shoal_blake3_parents(kernel, nodes.baseAddress, count, start, flags, nodes.baseAddress)
      }
    }
  }

  /// The value of one leaf.
  static func leaf(_ bytes: Span<UInt8>, index: UInt64, mode: Blake3.Mode, flags: UInt32) -> Digest {
    precondition(bytes.count <= Blake3.leafBytes)
    var value = Digest()
    unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe withUnsafePointer(to: mode.start) { start in
        unsafe shoal_blake3_leaf(bytes.baseAddress, bytes.count, start, index, flags, &value)
      }
    }
    return value
  }
}
