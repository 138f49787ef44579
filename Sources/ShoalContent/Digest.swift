import ShoalBase

/// 32 bytes: a BLAKE3 hash, a chaining value, or a key. The id of a file is one.
public struct Digest: Hashable, Sendable {
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

  /// The digest of these bytes, of which there must be 32.
  public init(_ bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count == Self.byteCount)
    first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
    second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    third = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
    fourth = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
  }

  /// The digest of the 32 bytes at `offset`, which must lie inside `bytes`.
  public init(_ bytes: RawSpan, at offset: Int = 0) {
    let part = bytes.extracting(droppingFirst: offset).extracting(first: Self.byteCount)
    precondition(part.byteCount == Self.byteCount)
    self = part.withUnsafeBytes { Digest($0) }
  }

  /// The digest of these bytes, or nil where there are not 32.
  public init?(_ bytes: some Sequence<UInt8>) {
    self.init()
    var count = 0
    for byte in bytes {
      guard count < Self.byteCount else { return nil }
      withUnsafeMutableBytes { $0[count] = byte }
      count += 1
    }
    guard count == Self.byteCount else { return nil }
  }

  /// Calls `body` with the 32 bytes.
  @inlinable
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try Swift.withUnsafeBytes(of: self, body)
  }

  /// Calls `body` with the 32 bytes, which it may change.
  @inlinable
  public mutating func withUnsafeMutableBytes<Result, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try Swift.withUnsafeMutableBytes(of: &self, body)
  }

  /// The byte at `index`, 0..<32.
  public subscript(index: Int) -> UInt8 {
    withUnsafeBytes { $0[index] }
  }

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
    self.init()
    let digits = hex.utf8
    guard digits.count == 2 * Self.byteCount else { return nil }
    var index = 0
    var high: UInt8 = 0
    for digit in digits {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
      default: return nil
      }
      if index & 1 == 1 { withUnsafeMutableBytes { $0[index / 2] = high << 4 | value } }
      high = value
      index += 1
    }
  }

  private func hex(bytes count: Int) -> String {
    String(unsafeUninitializedCapacity: 2 * count) { text in
      for index in 0..<2 * count {
        let digit = index & 1 == 0 ? self[index / 2] >> 4 : self[index / 2] & 15
        text[index] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
      }
      return 2 * count
    }
  }
}
