import ShoalTerminal
import ShoalWire

/// Writes a message in a few words: `HAVE file=0 12-14`.
func messageText(
  _ part: Datagram.MessagePart, _ bytes: Span<UInt8>, to out: inout TextBuffer
) throws(WireError) {
  guard let type = part.type else { return out.append("message \(part.value) (\(part.body.count) bytes)") }
  let text: String
  switch type {
  case .block: return write(try Block.read(bytes, part.body), to: &out)
  case .want:
    let message = try Want.decode(bytes, part.body)
    text = "file=\(message.file) id=\(message.id.short) serves=\(message.serves)"
  case .offer:
    let message = try Offer.decode(bytes, part.body)
    let have = "\(RunText(message.have).total)/\(message.chunks)"
    text = "file=\(message.file) name=\(quoted(message.name, asciiOnly: true)) size=\(message.size) have=\(have)"
  case .have:
    let message = try Have.decode(bytes, part.body)
    text = "file=\(message.file) \(RunText(message.chunks).brief)"
  case .request:
    let message = try ShoalWire.Request.decode(bytes, part.body)
    text = "file=\(message.file) \(rangesText(message.space, message.ranges))"
  case .cancel:
    let message = try Cancel.decode(bytes, part.body)
    text = "file=\(message.file) \(rangesText(message.space, message.ranges))"
  case .refuse:
    let message = try Refuse.decode(bytes, part.body)
    let ranges = message.ranges.isEmpty ? "" : " " + rangesText(message.space, message.ranges)
    text = "file=\(message.file) \(CodeNames.refusal.text(message.code))\(ranges)"
  case .known:
    let message = try Known.decode(bytes, part.body)
    text = "file=\(message.file) \(message.peers.map { "\($0.address)" }.joined(separator: ","))"
  case .hello: text = "peer=\(hex(try Hello.decode(bytes, part.body).peer, 16))"
  case .same: text = "proof=\(hex(try Same.decode(bytes, part.body).proof, 16))"
  case .progress:
    let message = try Progress.decode(bytes, part.body)
    text = "file=\(message.file) bytes=\(message.bytes) received=\(message.received)"
  case .pass:
    let message = try Pass.decode(bytes, part.body)
    text = "token=\(hex(message.token, 16)) terms=\(hex(message.terms, 16))"
  }
  out.append("\(type.name) \(text)")
}

/// Writes a block, without allocating, since most datagrams carry one.
private func write(_ block: Block, to out: inout TextBuffer) {
  out.append("BLOCK file=")
  out.append(block.file)
  out.append(" ")
  if block.space != ContentSpace.content.rawValue { out.append("\(CodeNames.space.text(block.space)) ") }
  out.append("offset=")
  out.append(block.offset)
  out.append(" content=")
  out.append(block.content.count)
}

/// `content 0+65536,131072+65536`.
private func rangesText(_ space: UInt8, _ ranges: [RangeField]) -> String {
  let texts = ranges.map { "\($0.offset)+\($0.length)" }
  return texts.isEmpty ? "all" : "\(CodeNames.space.text(space)) \(texts.joined(separator: ","))"
}
