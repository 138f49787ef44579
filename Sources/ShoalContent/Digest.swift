import ShoalBase

/// 32 bytes: a BLAKE3 hash, a chaining value, or a key. The id of a file is one.
public struct Digest: Hashable, Sendable, BitwiseCopyable {
  // The bytes in memory order, eight to a word, whatever the processor's byte order.
  @usableFromInline var first: UInt64
  @usableFromInline var second: UInt64
  @usableFromInline var third: UInt64
  @usableFromInline var fourth: UInt64

  /// The number of bytes, 32.
  public static let byteCount = 32

  /// 32 zero bytes.
  public static let zero = Digest()

  /// 32 zero bytes.
  public init() {
    first = 0
    second = 0
    third = 0
    fourth = 0
  }

  /// The digest of the 32 bytes at `offset`, which must lie inside `bytes`.
  @inlinable
  public init(_ bytes: Span<UInt8>, at offset: Int = 0) {
    first = bytes.bigEndian(at: offset, as: UInt64.self).bigEndian
    second = bytes.bigEndian(at: offset + 8, as: UInt64.self).bigEndian
    third = bytes.bigEndian(at: offset + 16, as: UInt64.self).bigEndian
    fourth = bytes.bigEndian(at: offset + 24, as: UInt64.self).bigEndian
  }

  /// The digest of these bytes, or nil where there are not 32.
  public init?(_ bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count == Self.byteCount else { return nil }
    self.init(bytes.span)
  }

  /// The digest of four words, each of eight bytes, the highest first.
  init(words first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    self.first = first.bigEndian
    self.second = second.bigEndian
    self.third = third.bigEndian
    self.fourth = fourth.bigEndian
  }

  /// Eight of the bytes, the highest first, `index` being 0..<4.
  @inlinable
  public subscript(word index: Int) -> UInt64 {
    switch index {
    case 0: first.bigEndian
    case 1: second.bigEndian
    case 2: third.bigEndian
    default: fourth.bigEndian
    }
  }

  /// The byte at `index`, 0..<32.
  @inlinable
  public subscript(index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: self[word: index >> 3] >> UInt64(56 - 8 * (index & 7)))
  }

  /// The 32 bytes.
  @inlinable
  public var bytes: InlineArray<32, UInt8> { InlineArray { self[$0] } }

  /// Equality without a branch on the bytes, so that timing reveals nothing about a secret.
  @inlinable
  public static func == (left: Digest, right: Digest) -> Bool {
    let difference = (left.first ^ right.first) | (left.second ^ right.second)
    return difference | (left.third ^ right.third) | (left.fourth ^ right.fourth) == 0
  }
}

extension Digest: Comparable {
  /// The order of the bytes, and so of `hex`.
  public static func < (left: Digest, right: Digest) -> Bool {
    if left.first != right.first { return left.first.bigEndian < right.first.bigEndian }
    if left.second != right.second { return left.second.bigEndian < right.second.bigEndian }
    if left.third != right.third { return left.third.bigEndian < right.third.bigEndian }
    return left.fourth.bigEndian < right.fourth.bigEndian
  }
}

extension Digest: CustomStringConvertible {
  /// 64 lower-case hexadecimal digits, as `b3sum` prints them.
  public var hex: String { hex(bytes: Self.byteCount) }

  /// The first 8 digits of `hex`, for people.
  public var short: String { hex(bytes: 4) }

  /// The same as `hex`.
  public var description: String { hex }

  /// The digest that these 64 hexadecimal digits of either case name, or nil where they are not that.
  public init?(hex: some StringProtocol) {
    let digits = hex.utf8
    guard digits.count == 2 * Self.byteCount else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for digit in digits {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
      default: return nil
      }
      if let first = high { bytes.append(first << 4 | value) }
      high = high == nil ? value : nil
    }
    self.init(bytes.span)
  }

  private func hex(bytes count: Int) -> String {
    let digits = (0..<2 * count).map { index in
      let digit = index & 1 == 0 ? self[index / 2] >> 4 : self[index / 2] & 15
      return digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
    }
    return String(decoding: digits, as: UTF8.self)
  }
}
