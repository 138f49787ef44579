import ShoalBase

// BLAKE3's compression in plain Swift, for processors without a kernel and as the measure of the kernels.
extension Blake3 {
  /// The initialisation vector, that of SHA-256.
  static let initialWords: InlineArray<8, UInt32> = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
  ]

  /// The initialisation vector as bytes.
  static let initialValue = digest(of: initialWords)

  /// The value of the leaf `index`, of 0...1,024 bytes.
  static func portableLeaf(_ bytes: Span<UInt8>, index: UInt64, mode: Mode, root: Bool) -> Digest {
    var value = words(of: mode.start)
    var offset = 0
    var flags = mode.flags | Flags.chunkStart
    while bytes.count - offset > 64 {
      let block = InlineArray<16, UInt32> {
        bytes.bigEndian(at: offset + 4 * $0, as: UInt32.self).byteSwapped
      }
      compress(&value, block, counter: index, length: 64, flags: flags)
      flags = mode.flags
      offset += 64
    }
    let rest = bytes.count - offset
    var last = InlineArray<16, UInt32>(repeating: 0)
    for byte in 0..<rest { last[byte / 4] |= UInt32(bytes[offset + byte]) << UInt32(8 * (byte & 3)) }
    flags |= Flags.chunkEnd | (root ? Flags.root : 0)
    compress(&value, last, counter: index, length: UInt32(rest), flags: flags)
    return digest(of: value)
  }

  /// The value of the parent of two nodes.
  static func portableParent(_ left: Digest, _ right: Digest, mode: Mode, root: Bool) -> Digest {
    var value = words(of: mode.start)
    let leftWords = words(of: left)
    let rightWords = words(of: right)
    let block = InlineArray<16, UInt32> { $0 < 8 ? leftWords[$0] : rightWords[$0 - 8] }
    compress(&value, block, counter: 0, length: 64, flags: mode.flags | Flags.parent | (root ? Flags.root : 0))
    return digest(of: value)
  }

  /// Advances the chaining value by a block of 64 bytes, of which `length` are input (BLAKE3 paper §2.2). Sixteen
  /// variables rather than an array, so that they stay in registers.
  private static func compress(
    _ value: inout InlineArray<8, UInt32>, _ m: InlineArray<16, UInt32>, counter: UInt64, length: UInt32,
    flags: UInt32
  ) {
    var (m0, m1, m2, m3) = (m[0], m[1], m[2], m[3])
    var (m4, m5, m6, m7) = (m[4], m[5], m[6], m[7])
    var (m8, m9, m10, m11) = (m[8], m[9], m[10], m[11])
    var (m12, m13, m14, m15) = (m[12], m[13], m[14], m[15])
    var (v0, v1, v2, v3) = (value[0], value[1], value[2], value[3])
    var (v4, v5, v6, v7) = (value[4], value[5], value[6], value[7])
    var (v8, v9, v10, v11) = (initialWords[0], initialWords[1], initialWords[2], initialWords[3])
    var (v12, v13) = (UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32))
    var (v14, v15) = (length, flags)
    for _ in 0..<7 {
      quarter(&v0, &v4, &v8, &v12, m0, m1)
      quarter(&v1, &v5, &v9, &v13, m2, m3)
      quarter(&v2, &v6, &v10, &v14, m4, m5)
      quarter(&v3, &v7, &v11, &v15, m6, m7)
      quarter(&v0, &v5, &v10, &v15, m8, m9)
      quarter(&v1, &v6, &v11, &v12, m10, m11)
      quarter(&v2, &v7, &v8, &v13, m12, m13)
      quarter(&v3, &v4, &v9, &v14, m14, m15)
      (m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15) =
        (m2, m6, m3, m10, m7, m0, m4, m13, m1, m11, m12, m5, m9, m14, m15, m8)
    }
    (value[0], value[1]) = (v0 ^ v8, v1 ^ v9)
    (value[2], value[3]) = (v2 ^ v10, v3 ^ v11)
    (value[4], value[5]) = (v4 ^ v12, v5 ^ v13)
    (value[6], value[7]) = (v6 ^ v14, v7 ^ v15)
  }

  @inline(__always)
  private static func quarter(
    _ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32, _ x: UInt32, _ y: UInt32
  ) {
    a = a &+ x &+ b
    d = rotate(d ^ a, 16)
    c = c &+ d
    b = rotate(b ^ c, 12)
    a = a &+ y &+ b
    d = rotate(d ^ a, 8)
    c = c &+ d
    b = rotate(b ^ c, 7)
  }

  @inline(__always)
  private static func rotate(_ word: UInt32, _ bits: UInt32) -> UInt32 {
    word &>> bits | word &<< (32 &- bits)
  }

  private static func words(of digest: Digest) -> InlineArray<8, UInt32> {
    InlineArray { UInt32(truncatingIfNeeded: digest[word: $0 >> 1].byteSwapped >> UInt64(32 * ($0 & 1))) }
  }

  private static func digest(of words: InlineArray<8, UInt32>) -> Digest {
    func word(_ index: Int) -> UInt64 { (UInt64(words[index]) | UInt64(words[index + 1]) << 32).byteSwapped }
    return Digest(words: word(0), word(2), word(4), word(6))
  }
}
