import ShoalBase
import ShoalTransport
import ShoalWire

// The checks of a bare endpoint on what arrives and on what it sends.
extension WorldEndpoint {
  func take(_ block: Block, _ bytes: [UInt8], at now: Instant) {
    let content = block.content
    guard let transfer = cargo.files[block.file], content.count > 0, content.end <= bytes.count else {
      return violate("a block of no file: \(block)")
    }
    let isRight = SyntheticContent.matches(
      bytes.span.extracting(content.offset..<content.end), source: transfer.source, offset: block.offset)
    if !isRight { violate("wrong bytes at \(block.offset) of file \(block.file)") }
    let run = block.offset..<block.offset + UInt64(content.count)
    if cargo.files[block.file]?.insert(run) == true {
      contentReceived += content.count
      contentReceivedAt = now
    } else {
      bytesRepeated += content.count
    }
  }

  func take(_ type: MessageType, _ body: ByteRange, _ bytes: [UInt8]) {
    messagesReceived += 1
    let serial: UInt64?
    switch type {
    case .have: serial = (try? Have.decode(bytes.span, body)).flatMap { $0.chunks.first.map { UInt64($0.first) } }
    case .request: serial = (try? Request.decode(bytes.span, body)).flatMap { $0.ranges.first?.offset }
    default: serial = nil
    }
    guard let serial else { return violate("a message that no one sent: \(type)") }
    if cargo.messages.remove(serial) == nil { violate("message \(serial) came again") }
  }

  /// The number of a DATA packet may lie no further than the window beyond what was acknowledged.
  func noteSent(_ transmit: Transmit, _ bytes: Span<UInt8>) {
    guard let id = transmit.connection, var window = windows[id], Header.peek(bytes).packetType == .data,
      let number = try? DataPacket.read(bytes).sequence
    else { return }
    let base = window.base ?? number
    window.base = base
    let distance = number &- base &+ 1
    // A repeat lies before the base if an ACK for that packet is still on its way.
    if Int32(bitPattern: distance) > 0 { window.most = max(window.most, distance) }
    if window.most > window.limit { violate("window overrun: \(window.most) of \(window.limit)") }
    windows[id] = window
  }

  /// Checks that no numbered packet is handed on twice.
  func noteHandedOn(_ datagram: NetworkDatagram) {
    let bytes = datagram.bytes.span
    let id = Header.peek(bytes).connection
    guard let number = try? DataPacket.read(bytes).sequence else { return violate("what was handed on is no DATA") }
    let wide = UInt64(number)
    if handedOn[id, default: RangeSet()].insert(wide..<wide + 1) != 1 {
      violate("packet \(number) was handed on twice")
    }
  }

  func noteAcknowledged(_ datagram: NetworkDatagram) {
    let bytes = datagram.bytes.span
    guard Header.peek(bytes).packetType == .ack, let ack = try? AckPacket.read(bytes) else { return }
    // The wire alone does not say which connection it is for; the connections of one peer are told apart by their
    // numbers.
    for (id, window) in windows {
      guard let base = window.base, endpoint.address(id) == datagram.from else { continue }
      let distance = ack.next &- base
      if Int32(bitPattern: distance) > 0, distance <= window.limit { windows[id]?.base = ack.next }
    }
  }

  private func violate(_ what: String) { violations.append(what) }
}
