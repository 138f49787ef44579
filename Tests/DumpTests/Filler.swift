import ShoalBase
import ShoalContent
import ShoalWire

/// Fills fields with values that the wire can carry and that a line of text can show.
struct Filler: FieldVisitor {
  var generator: SeededGenerator

  private mutating func number<T: FixedWidthInteger>(_ value: inout T) {
    value = T(truncatingIfNeeded: generator.next())
  }

  mutating func u8(_ name: StaticString, _ value: inout UInt8, _: FieldStyle) {
    number(&value)
    // It determines how the slice after it is read.
    if name.description == "encoding" { value %= 2 }
  }
  mutating func u16(_ name: StaticString, _ value: inout UInt16, _: FieldStyle) {
    number(&value)
    // A PROBE has the size that it states.
    if name.description == "size" { value = 18 + value % 1_400 }
  }
  mutating func u32(_ name: StaticString, _ value: inout UInt32, _: FieldStyle) { number(&value) }
  mutating func u64(_ name: StaticString, _ value: inout UInt64, _: FieldStyle) { number(&value) }
  mutating func digest(_: StaticString, _ value: inout Digest) {
    value = Digest((0..<32).map { _ in UInt8(truncatingIfNeeded: generator.next()) })!
  }
  mutating func address(_: StaticString, _ value: inout Address) {
    let port = UInt16(truncatingIfNeeded: generator.next())
    let isIPv4 = generator.next() % 2 == 0
    value =
      isIPv4
      ? Address(ipv4: UInt32(truncatingIfNeeded: generator.next()), port: port)
      : Address(high: generator.next() >> 40, low: generator.next(), port: port)
  }
  mutating func text(_: StaticString, _ value: inout String) {
    value = ["", "film.mkv", "a \"b\"", "naïve→𝄞", "shoal"].randomElement(using: &generator)!
  }
  mutating func runs(_: StaticString, _ value: inout [ChunkRun]) {
    var next: UInt32 = 0
    value = (0..<Int(generator.next() % 9)).map { _ in
      let run = ChunkRun(first: next + UInt32(generator.next() % 70_000), count: 1 + UInt32(generator.next() % 60_000))
      next = run.end
      return run
    }
  }
  mutating func list<Element: FieldGroup>(_: StaticString, _ value: inout [Element]) throws(WireError) {
    value = []
    for _ in 0..<generator.next() % 4 {
      var element = Element()
      try element.fields(&self)
      value.append(element)
    }
  }
  mutating func rest(_: StaticString, _: inout ByteRange) {}
  mutating func padding(to length: Int) {}
  mutating func later<Group: FieldGroup>(_ value: inout Group?) throws(WireError) {
    value = nil
    guard generator.next() % 2 == 0 else { return }
    var group = Group()
    try group.fields(&self)
    value = group
  }
}
