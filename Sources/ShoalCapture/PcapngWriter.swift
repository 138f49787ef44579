import ShoalWire

/// Writes datagrams as a pcapng file (draft-ietf-opsawg-pcapng) that any analyser can read.
///
/// It appends to a buffer, which grows until the host has written `bytes` to its file and calls `discard`.
/// The file is one section, little-endian, with interfaces of raw IP packets and nanosecond times.
package struct PcapngWriter: ~Copyable, Sendable {
  /// The longest UDP payload that fits an IPv4 packet: 65,535 bytes minus headers of 20 and 8.
  package static var maximumPayloadIPv4: Int { 65_507 }
  /// The longest UDP payload that fits an IPv6 packet without a jumbo option: 65,535 bytes minus a header of 8.
  package static var maximumPayloadIPv6: Int { 65_527 }

  private var buffer: [UInt8] = []
  /// How much of the buffer has been discarded.
  private var head = 0
  /// How many interfaces have been described.
  package private(set) var interfaces = 0

  /// Starts a file with the section header (§4.1) and, unless that is left for later, the description of one interface
  /// (§4.2).
  ///
  /// - Parameters:
  ///   - hardware: the machine, for people.
  ///   - operatingSystem: its operating system, for people.
  ///   - application: the program that writes the file.
  ///   - describesInterface: whether interface 0 is described now, without a name.
  package init(
    hardware: String? = nil, operatingSystem: String? = nil, application: String? = nil, describesInterface: Bool = true
  ) {
    let hardware = OptionText(hardware)
    let system = OptionText(operatingSystem)
    let application = OptionText(application)
    let options = hardware.size + system.size + application.size
    let section = 28 + options + (options == 0 ? 0 : 4)
    var out = ByteWriter(reserve(section))
    out.little(Pcapng.sectionHeader)
    out.little(UInt32(section))
    out.little(Pcapng.byteOrderMagic)
    out.little(UInt16(1))
    out.little(UInt16(0))
    // The length of the section: unknown, as it still grows.
    out.little(UInt64.max)
    out.text(hardware, code: Pcapng.hardware)
    out.text(system, code: Pcapng.operatingSystem)
    out.text(application, code: Pcapng.application)
    if options != 0 { out.little(UInt32(0)) }
    out.little(UInt32(section))
    if describesInterface { addInterface(name: nil) }
  }

  /// Describes another interface, which must be done before its first packet. Returns its number, counted from 0.
  @discardableResult
  package mutating func addInterface(name: String?) -> Int {
    let name = OptionText(name)
    let total = 32 + name.size
    var out = ByteWriter(reserve(total))
    out.little(Pcapng.interfaceDescription)
    out.little(UInt32(total))
    out.little(UInt32(LinkType.raw.rawValue))
    out.little(UInt32(0))
    out.text(name, code: Pcapng.interfaceName)
    out.little(Pcapng.timestampResolution)
    out.little(UInt16(1))
    out.little(UInt32(9))
    out.little(UInt32(0))
    out.little(UInt32(total))
    interfaces += 1
    return interfaces - 1
  }

  /// What is to be written to the file next.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { buffer.span.extracting(head...) }
  }

  /// A copy of that.
  package var copy: [UInt8] { [UInt8](bytes) }

  /// Drops the first `count` of `bytes`, which the host has written.
  package mutating func discard(_ count: Int) {
    precondition(count >= 0 && count <= buffer.count - head)
    head += count
    guard head == buffer.count else { return }
    buffer.removeAll(keepingCapacity: true)
    head = 0
  }

  /// Room for a block of `count` bytes, after all others.
  @_lifetime(&self)
  private mutating func reserve(_ count: Int) -> MutableSpan<UInt8> {
    let start = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: count))
    return buffer.mutableSpan._consumingExtracting(start...)
  }

  /// Appends an IP packet as it was captured.
  ///
  /// - Parameters:
  ///   - packet: the captured bytes, from the IP header on.
  ///   - originalLength: how many bytes it had on the wire; if that is less than were captured, their number is
  ///     written.
  ///   - wallClockNanoseconds: nanoseconds since 1970-01-01 UTC.
  ///   - direction: which way it went, if that is known.
  ///   - comment: shown beside the packet; cut at 65,535 bytes.
  ///   - interface: the number of the interface that it passed, which must have been described.
  package mutating func packet(
    _ packet: Span<UInt8>, originalLength: Int, wallClockNanoseconds: UInt64,
    direction: CaptureDirection?, comment: String? = nil, interface: Int = 0
  ) {
    precondition(interface >= 0 && interface < interfaces)
    let captured = min(packet.count, CaptureReader.maximumBlock / 2)
    let comment = OptionText(comment)
    let options = (direction == nil ? 0 : 8) + comment.size
    let total = 28 + padded(captured) + options + (options == 0 ? 0 : 4) + 4
    var out = ByteWriter(reserve(total))
    let original = max(originalLength, captured)
    out.blockHeader(total, interface, wallClockNanoseconds, captured: captured, original: original)
    out.bytes(packet.extracting(..<captured))
    out.pad()
    out.options(direction.map { $0 == .outbound ? Pcapng.outbound : Pcapng.inbound }, comment)
    out.little(UInt32(total))
  }

  /// Appends a datagram as an enhanced packet block (§4.3) of a whole IP packet with correct checksums.
  ///
  /// Two IPv4 addresses make an IPv4 packet, any others an IPv6 packet.
  /// - Parameters:
  ///   - from: the address of the sender.
  ///   - to: the address of the receiver.
  ///   - payload: what UDP carries.
  ///   - wallClockNanoseconds: nanoseconds since 1970-01-01 UTC.
  ///   - outbound: whether this machine sent it; false if it received it; nil if that is not known.
  ///   - comment: shown beside the packet; cut at 65,535 bytes.
  ///   - interface: the number of the interface that it passed, which must have been described.
  /// - Returns: false if the payload is longer than a packet can carry; then nothing is appended.
  @discardableResult
  package mutating func datagram(
    from: Address, to: Address, payload: Span<UInt8>, wallClockNanoseconds: UInt64, outbound: Bool?,
    comment: String? = nil, interface: Int = 0
  ) -> Bool {
    precondition(interface >= 0 && interface < interfaces)
    let isIPv4 = from.isIPv4 && to.isIPv4
    guard payload.count <= (isIPv4 ? Self.maximumPayloadIPv4 : Self.maximumPayloadIPv6) else { return false }
    let packet = (isIPv4 ? 28 : 48) + payload.count
    let comment = OptionText(comment)
    let options = (outbound == nil ? 0 : 8) + comment.size
    let total = 28 + padded(packet) + options + (options == 0 ? 0 : 4) + 4
    var out = ByteWriter(reserve(total))
    out.blockHeader(total, interface, wallClockNanoseconds, captured: packet, original: packet)
    if isIPv4 {
      out.ipv4Header(from: from, to: to, packet: packet)
    } else {
      out.ipv6Header(from: from, to: to, udpLength: packet - 40)
    }
    out.udp(from: from, to: to, payload: payload)
    out.pad()
    out.options(outbound.map { $0 ? Pcapng.outbound : Pcapng.inbound }, comment)
    out.little(UInt32(total))
    return true
  }
}

extension ByteWriter {
  /// The fields of an enhanced packet block (§4.3) before the packet.
  fileprivate mutating func blockHeader(
    _ total: Int, _ interface: Int, _ nanoseconds: UInt64, captured: Int, original: Int
  ) {
    little(Pcapng.enhancedPacket)
    little(UInt32(total))
    little(UInt32(truncatingIfNeeded: interface))
    little(UInt32(truncatingIfNeeded: nanoseconds >> 32))
    little(UInt32(truncatingIfNeeded: nanoseconds))
    little(UInt32(captured))
    little(UInt32(clamping: original))
  }

  /// Writes the options of a packet: its direction and its comment, if it has them.
  fileprivate mutating func options(_ flags: UInt32?, _ comment: OptionText) {
    guard flags != nil || comment.size > 0 else { return }
    if let flags {
      little(Pcapng.packetFlags)
      little(UInt16(4))
      little(flags)
    }
    text(comment, code: Pcapng.comment)
    little(UInt32(0))
  }
}
