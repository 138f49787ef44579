import ShoalTerminal

/// A column of whole numbers for the page, stored as differences in variable-length integers, so that a packet takes
/// about 12 bytes.
///
/// Each difference from the previous number is zigzag-coded, seven bits per byte, lowest first. A difference of zero is
/// followed by the number of further zeros, coded the same way.
struct Column {
  private var bytes: [UInt8] = []
  private var last: Int64 = 0
  private var zeros: UInt64 = 0
  private(set) var count = 0

  mutating func append(_ value: Int64) {
    let difference = value &- last
    last = value
    count += 1
    if difference == 0 {
      zeros += 1
    } else {
      flush()
      put(UInt64(bitPattern: difference << 1 ^ difference >> 63))
    }
  }

  mutating func append(_ value: some BinaryInteger) { append(Int64(truncatingIfNeeded: value)) }

  private mutating func flush() {
    guard zeros > 0 else { return }
    bytes.append(0)
    put(zeros - 1)
    zeros = 0
  }

  private mutating func put(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// The numbers, decoded again.
  var values: [Int64] {
    var column = self
    column.flush()
    var values: [Int64] = []
    values.reserveCapacity(count)
    var place = 0
    var last: Int64 = 0
    func next() -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while true {
        let byte = column.bytes[place]
        place += 1
        value |= UInt64(byte & 127) << shift
        if byte < 128 { return value }
        shift += 7
      }
    }
    while place < column.bytes.count {
      let code = next()
      if code == 0 {
        values += repeatElement(last, count: Int(next()) + 1)
      } else {
        last &+= Int64(bitPattern: code >> 1) ^ -Int64(bitPattern: code & 1)
        values.append(last)
      }
    }
    return values
  }

  /// The column in base64 (RFC 4648).
  consuming func base64() -> String {
    flush()
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let left = bytes.count - start
      let group =
        UInt32(bytes[start]) << 16 | UInt32(left > 1 ? bytes[start + 1] : 0) << 8
        | UInt32(left > 2 ? bytes[start + 2] : 0)
      for index in 0..<4 {
        text.append(index > left ? UInt8(ascii: "=") : alphabet[Int(group >> UInt32(18 - 6 * index) & 63)])
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// Columns of the same length, one row for each event.
struct Columns {
  private let names: [String]
  private var columns: [Column]

  init(_ names: String...) {
    self.names = names
    columns = names.map { _ in Column() }
  }

  var count: Int { columns[0].count }

  /// Appends a value to the column with this index, in the order of the names.
  mutating func append(_ index: Int, _ value: some BinaryInteger) { columns[index].append(value) }

  mutating func append(row: [Int64]) { for (index, value) in row.enumerated() { columns[index].append(value) } }

  /// The numbers of the column with this name; none if there is no such column.
  subscript(_ name: String) -> [Int64] { names.firstIndex(of: name).map { columns[$0].values } ?? [] }

  /// `{"count":2,"t":"…"}`.
  var json: JSON {
    .object([.init("count", .int(count))] + zip(names, columns).map { .init($0, .string($1.base64())) })
  }
}
