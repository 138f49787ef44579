extension Corruption {
  /// `apply`, by a pointer.
  package func apply(to payload: UnsafeMutableRawBufferPointer) {
    var span = unsafe MutableSpan<UInt8>(_unsafeBytes: payload)
    apply(to: &span)
  }
}
