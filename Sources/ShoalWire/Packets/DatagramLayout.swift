import ShoalContent

/// Every field of a datagram: of its header, packet and messages.
public struct DatagramLayout: Sendable {
  /// The type, if the header could be read and names one of this version.
  public private(set) var type: PacketType?
  /// The fields, as far as they could be read, in the order of their bytes.
  public private(set) var rows: [LayoutRow] = []
  /// Where and why reading stopped early.
  public private(set) var error: WireError?

  /// Reads a datagram. The checksum is not verified here: `Checksum.isValid` does that.
  public init(_ bytes: Span<UInt8>) {
    do throws(WireError) { try read(bytes) } catch { self.error = error }
  }

  private mutating func read(_ bytes: Span<UInt8>) throws(WireError) {
    var header = Header()
    var layout = Layout(bytes)
    let failure: WireError?
    do throws(WireError) {
      try header.fields(&layout)
      failure = nil
    } catch { failure = error }
    rows = layout.rows
    if let failure { throw failure }
    type = try Header.decode(bytes).type
    switch type! {
    case .version: try packet(VersionPacket.self, bytes)
    case .open:
      try packet(OpenPacket.self, bytes)
      try early(bytes)
    case .accept: try packet(AcceptPacket.self, bytes)
    case .data: try messages(bytes, after: try packet(DataPacket.self, bytes).messages.offset)
    case .ack: divide(try packet(AckPacket.self, bytes), bytes)
    case .probe: try packet(ProbePacket.self, bytes)
    case .probed: try packet(ProbedPacket.self, bytes)
    case .challenge: try packet(ChallengePacket.self, bytes)
    case .response: try packet(ResponsePacket.self, bytes)
    case .close: try packet(ClosePacket.self, bytes)
    case .reset: try packet(ResetPacket.self, bytes)
    case .retry: try packet(RetryPacket.self, bytes)
    case .connect: try packet(ConnectPacket.self, bytes)
    case .connected: try packet(ConnectedPacket.self, bytes)
    case .register: try packet(RegisterPacket.self, bytes)
    case .registered: try packet(RegisteredPacket.self, bytes)
    case .update: try packet(UpdatePacket.self, bytes)
    case .updated: try packet(UpdatedPacket.self, bytes)
    case .find: try packet(FindPacket.self, bytes)
    case .found: try packet(FoundPacket.self, bytes)
    case .lookup: try packet(LookupPacket.self, bytes)
    case .peers: try packet(PeersPacket.self, bytes)
    case .map: try packet(MapPacket.self, bytes)
    case .mapped: try packet(MappedPacket.self, bytes)
    case .list: try packet(ListPacket.self, bytes)
    case .listed: try packet(ListedPacket.self, bytes)
    case .deregister: try packet(DeregisterPacket.self, bytes)
    case .deregistered: try packet(DeregisteredPacket.self, bytes)
    case .error: try packet(ErrorPacket.self, bytes)
    }
  }

  @discardableResult
  private mutating func packet<P: Packet>(_: P.Type, _ bytes: Span<UInt8>) throws(WireError) -> P {
    var packet = P()
    try group(&packet, Layout(bytes, from: Limits.headerLength))
    return packet
  }

  private mutating func group<G: FieldGroup>(_ group: inout G, _ layout: consuming Layout) throws(WireError) {
    let failure: WireError?
    do throws(WireError) {
      try group.fields(&layout)
      failure = nil
    } catch { failure = error }
    rows += layout.rows
    if let failure { throw failure }
  }

  /// Tells what follows the slice of an ACK from the slice.
  private mutating func divide(_ ack: AckPacket, _ bytes: Span<UInt8>) {
    guard let (end, left) = SliceReader.rest(of: ack, bytes), let left else { return }
    rows[rows.count - 1].range.count = end - ack.slice.offset
    let place = ByteRange(offset: end, count: AckPacket.leftLength)
    rows.append(LayoutRow(name: "left", range: place, value: .number(UInt64(left), .microseconds), depth: 0))
  }

  /// The messages in an OPEN, and the padding. A receiver takes malformed messages for padding, so they are no error.
  private mutating func early(_ bytes: Span<UInt8>) throws(WireError) {
    guard let range = try? OpenPacket.early(in: bytes), range.count > 0 else { return }
    try messages(bytes.extracting(0..<range.end), after: range.offset)
    let padding = ByteRange(offset: range.end, count: bytes.count - range.end)
    if padding.count > 0 { rows.append(LayoutRow(name: "padding", range: padding, value: .bytes, depth: 0)) }
  }

  private mutating func messages(_ bytes: Span<UInt8>, after offset: Int) throws(WireError) {
    rows.removeLast()
    var reader = MessageReader(bytes, from: offset)
    while let (type, body) = try reader.next() {
      let whole = ByteRange(offset: body.offset - MessageType.overhead, count: body.count + MessageType.overhead)
      rows.append(LayoutRow(name: type?.name ?? "unknown message", range: whole, value: .group, depth: 0))
      switch type {
      case .want: try message(Want.self, bytes, body)
      case .offer: try message(Offer.self, bytes, body)
      case .have: try message(Have.self, bytes, body)
      case .request: try message(Request.self, bytes, body)
      case .cancel: try message(Cancel.self, bytes, body)
      case .block: try message(Block.self, bytes, body)
      case .refuse: try message(Refuse.self, bytes, body)
      case .known: try message(Known.self, bytes, body)
      case .hello: try message(Hello.self, bytes, body)
      case .same: try message(Same.self, bytes, body)
      case .progress: try message(Progress.self, bytes, body)
      case .pass: try message(Pass.self, bytes, body)
      case nil: rows.append(LayoutRow(name: "content", range: body, value: .bytes, depth: 1))
      }
    }
  }

  private mutating func message<M: Message>(_: M.Type, _ bytes: Span<UInt8>, _ body: ByteRange) throws(WireError) {
    var message = M()
    try group(&message, Layout(bytes, from: body.offset, to: body.end, depth: 1))
  }
}
