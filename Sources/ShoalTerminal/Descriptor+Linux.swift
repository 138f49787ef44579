import Glibc

// Safety: each call is given a span's memory and its length, and keeps neither.

/// Reading and writing descriptors: what the system's calls return, and `errno` with it.
package enum Descriptor {
  /// Reads what there is, as far as there is room.
  package static func read(from descriptor: Int32, into room: inout MutableSpan<UInt8>) -> Int {
    unsafe room.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
  }

  /// Reads what is at `offset`, as far as there is room.
  package static func read(from descriptor: Int32, into room: inout MutableSpan<UInt8>, at offset: Int) -> Int {
    unsafe room.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, offset) }
  }

  /// Writes as many of the bytes as are taken.
  package static func write(_ bytes: Span<UInt8>, to descriptor: Int32) -> Int {
    unsafe bytes.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Writes as many of the bytes as are taken, at `offset`.
  package static func write(_ bytes: Span<UInt8>, to descriptor: Int32, at offset: Int) -> Int {
    unsafe bytes.withUnsafeBufferPointer { unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset) }
  }

  /// What the system calls an error.
  package static func text(ofError code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
