import ShoalCapture
import TestSupport
import Testing

@Suite struct DamageTests {
  static func pcapFile() -> [UInt8] {
    var file = Maker(isBig: true)
    file.pcap(nanoseconds: true, linkType: 1)
    let ethernet = [UInt8](repeating: 2, count: 12)
    file.pcapRecord(
      ethernet + [8, 0] + Packets.ipv4(Packets.udp([1], addresses: Packets.four)), seconds: 1, fraction: 2)
    file.pcapRecord(
      ethernet + [0x81, 0, 0, 5, 0x86, 0xdd] + Packets.ipv6(Packets.udp([1], addresses: Packets.six)), seconds: 1,
      fraction: 3)
    return file.bytes
  }

  static func oldFile() -> [UInt8] {
    var file = Maker(isBig: true)
    file.section()
    file.interface(276, snapLength: 200, resolution: 0x94, offset: -5)
    file.block(3) {
      $0.put(UInt32(20))
      $0.bytes += [UInt8](repeating: 1, count: 20)
    }
    file.block(2) {
      $0.put(UInt32(0))
      $0.put(UInt64(9))
      $0.put(UInt32(3))
      $0.put(UInt32(3))
      $0.bytes += [1, 2, 3, 0]
      $0.option(1, [65])
    }
    file.isBig = false
    file.section()
    file.interface(0)
    file.enhanced([2, 0, 0, 0] + Packets.ipv4(Packets.udp([1], addresses: Packets.four)), ticks: 1)
    return file.bytes
  }

  static let files = [smallFile(), pcapFile(), oldFile()]

  @Test(arguments: 0..<3)
  func everyTruncation(index: Int) {
    let file = Self.files[index]
    let whole = read(file)
    #expect(whole.error == nil)
    #expect(digest(file) > 0)
    for length in 0..<file.count {
      let reading = read([UInt8](file[..<length]))
      #expect(reading.packets == Array(whole.packets.prefix(reading.packets.count)))
      guard let error = reading.error else { continue }
      #expect(error.reason == (length == 0 ? .empty : .truncated))
      #expect(error.offset <= length)
      #expect(!"\(error)".isEmpty)
    }
    #expect(read([]).error == CaptureError(offset: 0, reason: .empty))
    #expect("\(CaptureError(offset: 0, reason: .empty))".hasPrefix("is empty"))
  }

  @Test func truncationNamesTheBlock() {
    var file = Maker(isBig: false)
    file.section()
    file.interface(101)
    let start = file.bytes.count
    file.enhanced([1, 2, 3], ticks: 0)
    let second = file.bytes.count
    file.enhanced([1, 2, 3], ticks: 0)
    let reading = read([UInt8](file.bytes.dropLast()))
    #expect(reading.packets.count == 1)
    #expect(reading.error == CaptureError(offset: UInt64(second), reason: .truncated))
    #expect(start == 48)
  }

  @Test(arguments: 0..<3, seeds(0x5eed..<0x5eee))
  func mutations(index: Int, seed: UInt64) {
    let file = Self.files[index]
    var dice = Dice(state: seed &+ UInt64(index))
    for _ in 0..<3000 {
      var damaged = file
      for _ in 0...dice.below(4) {
        let extremes: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, UInt8(truncatingIfNeeded: dice.next())]
        damaged[dice.below(damaged.count)] = extremes[dice.below(extremes.count)]
      }
      if dice.below(4) == 0 { damaged.removeSubrange(dice.below(damaged.count)...) }
      _ = digest(damaged, chunk: 1 + dice.below(400))
    }
  }

  @Test func mutatedFrames() {
    let chain: [UInt8] = [43, 0, 1, 4, 0, 0, 0, 0, 51, 0, 4, 0, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0]
    let atomic: [UInt8] = [17, 0, 0, 0, 1, 2, 3, 4]
    let frames = [
      Packets.ipv6(chain + atomic + Packets.udp([1, 2, 3], addresses: Packets.six), next: 0),
      Packets.ipv4(Packets.udp([1, 2, 3], addresses: Packets.four), options: [1, 1, 1, 0]),
    ]
    let links: [(LinkType, [UInt8])] = [
      (.raw, []), (.ipv4, []), (.ipv6, []), (.null, [0, 0, 0, 30]), (.loop, [0, 0, 0, 2]),
      (.ethernet, [UInt8](repeating: 2, count: 12) + [0x81, 0, 0, 5, 0x86, 0xdd]),
      (.linuxCooked, [UInt8](repeating: 0, count: 14) + [0x08, 0]),
      (.linuxCooked2, [0x86, 0xdd] + [UInt8](repeating: 0, count: 18)),
    ]
    var dice = Dice(state: 77)
    for round in 0..<10_000 {
      let (linkType, header) = links[round % links.count]
      var frame = header + frames[dice.below(2)]
      for _ in 0..<dice.below(4) { frame[dice.below(frame.count)] = UInt8(truncatingIfNeeded: dice.next()) }
      if dice.below(3) == 0 { frame.removeSubrange(dice.below(frame.count)...) }
      guard let found = try? parse(linkType, frame) else { continue }
      #expect(found.payload.upperBound <= frame.count && found.payload.count <= found.udpLength - 8)
    }
  }

  @Test func noise() {
    var dice = Dice(state: 1)
    let starts: [[UInt8]] = [[], Array(Self.files[0][..<8]), Array(Self.files[1][..<24]), Array(Self.files[2][..<48])]
    for round in 0..<2000 {
      let bytes = (0..<dice.below(200)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
      _ = digest(starts[round % starts.count] + bytes)
    }
  }

  /// The reason for refusing a file that ends in one block, after a section header and, unless left out, an interface.
  func reason(_ type: UInt32, withInterface: Bool = true, _ fill: (inout Maker) -> Void) -> CaptureError.Reason? {
    var file = Maker(isBig: false)
    file.section()
    if withInterface { file.interface(101) }
    let start = file.bytes.count
    file.block(type, fill)
    let error = read(file.bytes).error
    if let error { #expect(error.offset == start) }
    return error?.reason
  }

  func enhanced(captured: UInt32, options: [UInt8] = []) -> (inout Maker) -> Void {
    return {
      $0.put(UInt32(0))
      $0.put(UInt64(0))
      $0.put(captured)
      $0.put(captured)
      $0.bytes += options
    }
  }

  @Test func everyReason() {
    #expect(read(Array("GIF89a..".utf8)).error?.reason == .unknownFormat)
    #expect(reason(6) { $0.put(UInt32(0)) } == .blockTooShort)
    #expect(reason(2) { $0.put(UInt32(0)) } == .blockTooShort)
    #expect(reason(3) { _ in } == .blockTooShort)
    #expect(reason(1) { $0.put(UInt32(0)) } == .blockTooShort)
    #expect(reason(6, enhanced(captured: 1)) == .packetOverrunsBlock(1))
    #expect(reason(6, enhanced(captured: .max)) == .packetOverrunsBlock(.max))
    #expect(reason(3) { $0.put(UInt32.max) } == .packetOverrunsBlock(.max))
    #expect(reason(3, withInterface: false) { $0.put(UInt32(0)) } == .undefinedInterface(0))
    #expect(reason(6, withInterface: false, enhanced(captured: 0)) == .undefinedInterface(0))
    #expect(reason(6, enhanced(captured: 0, options: [1, 0, 5, 0, 1, 1, 1, 1])) == .optionOverrunsBlock(code: 1))
    #expect(reason(6, enhanced(captured: 0, options: [2, 0, 0, 0])) == .badOptionLength(code: 2))
    #expect(reason(1) { $0.bytes += [0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0] } == .badOptionLength(code: 9))
    #expect(reason(1) { $0.bytes += [0, 0, 0, 0, 0, 0, 0, 0, 14, 0, 0, 0] } == .badOptionLength(code: 14))
    #expect(reason(0x0a0d_0d0a) { $0.put(UInt64(0)) } == .badByteOrderMagic)
    #expect(reason(0x0a0d_0d0a) { $0.put(UInt32(0x1a2b_3c4d)) } == .blockTooShort)
    let version2: (inout Maker) -> Void = {
      $0.put(UInt32(0x1a2b_3c4d))
      $0.put(UInt32(2))
      $0.put(UInt64.max)
    }
    #expect(reason(0x0a0d_0d0a, version2) == .unsupportedVersion(major: 2, minor: 0))
    var pcap = Self.pcapFile()
    pcap[5] = 3
    #expect(read(pcap).error?.reason == .unsupportedVersion(major: 3, minor: 4))
  }

  @Test(arguments: [0, 8, 13, (1 << 24) + 4, UInt32.max] as [UInt32])
  func lengths(length: UInt32) {
    var file = Maker(isBig: false)
    file.section()
    file.put(UInt32(6))
    file.put(length)
    file.put(UInt32(0))
    #expect(read(file.bytes).error == CaptureError(offset: 28, reason: .badLength(length)))

    var pcap = Maker(isBig: false)
    pcap.pcap(nanoseconds: false, linkType: 1)
    pcap.put(UInt64(0))
    pcap.put(length)
    pcap.put(length)
    let error = read(pcap.bytes).error
    #expect(
      error == (length == 0 ? nil : CaptureError(offset: 24, reason: length > 13 ? .badLength(length) : .truncated)))
  }

  /// A block of a type that is not read may be of any length; it is not kept.
  @Test(arguments: [4_096, 1 << 20]) func longBlocksOfOtherTypes(chunk: Int) {
    var file = Maker(isBig: true)
    file.section()
    file.interface(101)
    file.enhanced([1, 2, 3], ticks: 1)
    let start = file.bytes.count
    let length = UInt32(20 << 20)
    file.put(UInt32(0x0bad_cafe))
    file.put(length)
    file.bytes += [UInt8](repeating: 7, count: Int(length) - 12)
    file.put(length)
    file.enhanced([4, 5], ticks: 2)
    let reading = read(file.bytes, chunk: chunk)
    #expect(reading.error == nil && reading.packets.map(\.bytes) == [[1, 2, 3], [4, 5]])

    var damaged = file.bytes
    damaged[start + Int(length) - 1] ^= 4
    let disagree = CaptureError(offset: UInt64(start), reason: .lengthsDisagree(length, length ^ 4))
    #expect(read(damaged, chunk: chunk).error == disagree)
    for end in [start + 8, start + 9_000, start + Int(length) - 2] {
      let error = read(Array(file.bytes[..<end]), chunk: chunk).error
      #expect(error == CaptureError(offset: UInt64(start), reason: .truncated))
    }
  }

  @Test func lengthsMustAgree() {
    var file = smallFile()
    file[file.count - 4] ^= 4
    let error = read(file).error
    guard case .lengthsDisagree = error?.reason else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func interfacesAreLimited() {
    var file = Maker(isBig: false)
    file.section()
    for _ in 0...CaptureReader.maximumInterfaces { file.interface(1) }
    #expect(read(file.bytes).error?.reason == .tooManyInterfaces)
  }

  @Test func anErrorStays() {
    var reader = CaptureReader()
    let junk = [UInt8](repeating: 9, count: 8)
    reader.feed(junk.span)
    for _ in 0..<2 {
      #expect(throws: CaptureError(offset: 0, reason: .unknownFormat)) { try reader.next() }
    }
  }

  @Test(arguments: [
    ("gzip", [0x1f, 0x8b, 8, 0]), ("zstd", [0x28, 0xb5, 0x2f, 0xfd]), ("xz", [0xfd, 0x37, 0x7a, 0x58]),
    ("bzip2", [0x42, 0x5a, 0x68, 0x39]), ("lz4", [0x04, 0x22, 0x4d, 0x18]),
  ])
  func compressedFilesAreNamed(_ program: String, _ magic: [UInt8]) {
    let error = read(magic + [0, 0, 0, 0]).error
    #expect(error == CaptureError(offset: 0, reason: .compressed(program)))
    #expect(error?.description.contains("\(program) -dc FILE | shoal-dump -") == true)
  }
}
