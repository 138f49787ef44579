import Glibc

// Safety: each call is given a span's memory and its length, and keeps neither.

/// Reads and writes file descriptors; each function returns what the system call does, and leaves `errno` as it was
/// set.
package enum Descriptor {
  /// Reads as many bytes as are available and fit.
  package static func read(from descriptor: Int32, into room: inout MutableSpan<UInt8>) -> Int {
    unsafe room.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
  }

  /// Reads as many bytes from `offset` on as are available and fit.
  package static func read(from descriptor: Int32, into room: inout MutableSpan<UInt8>, at offset: Int) -> Int {
    unsafe room.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, offset) }
  }

  /// Writes as many of the bytes as the system accepts.
  package static func write(_ bytes: Span<UInt8>, to descriptor: Int32) -> Int {
    unsafe bytes.withUnsafeBufferPointer { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Writes as many of the bytes as the system accepts, at `offset`.
  package static func write(_ bytes: Span<UInt8>, to descriptor: Int32, at offset: Int) -> Int {
    unsafe bytes.withUnsafeBufferPointer { unsafe pwrite(descriptor, $0.baseAddress, $0.count, offset) }
  }

  /// The system's description of an error.
  package static func text(ofError code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
