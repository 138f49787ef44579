import ShoalContent
import ShoalWire

extension Analyzer {
  /// Whether a datagram is about any of these chunks.
  func mentions(_ chunks: ClosedRange<UInt32>, _ datagram: Datagram, _ seen: Observation) -> Bool {
    let bytes = datagram.bytes.span
    switch datagram.type {
    case .data?: return mentionsInMessages(chunks, datagram, seen)
    case .register?: return (try? RegisterPacket.decode(bytes)).map { Self.touch($0.have, chunks) } ?? false
    case .update?: return (try? UpdatePacket.decode(bytes)).map { Self.touch($0.gained, chunks) } ?? false
    case .mapped?: return (try? MappedPacket.decode(bytes)).map { Self.touch($0.have, chunks) } ?? false
    case .lookup?:
      let chunk = try? LookupPacket.decode(bytes).chunk
      return chunk.map { $0 != LookupPacket.anyChunk && chunks.contains($0) } ?? false
    default: return false
    }
  }

  private func mentionsInMessages(
    _ chunks: ClosedRange<UInt32>, _ datagram: Datagram, _ seen: Observation
  ) -> Bool {
    guard case .data(let packet) = datagram.content, let flow = seen.flow else { return false }
    let reverse = flows[flow].reverse
    let table = files
    var found = false
    try? datagram.messages(from: packet.messages.offset) { (bytes, part) throws(WireError) in
      switch part.type {
      case .block:
        let block = try Block.read(bytes, part.body)
        let range = RangeField(offset: block.offset, length: UInt32(clamping: block.content.count))
        let entry = table[FileTable.Key(flow: flow, file: block.file)]
        found = found || Self.touch(block.space, [range], entry?.cut, chunks)
      case .request:
        let request = try ShoalWire.Request.decode(bytes, part.body)
        let entry = reverse.flatMap { table[FileTable.Key(flow: $0, file: request.file)] }
        found = found || Self.touch(request.space, request.ranges, entry?.cut, chunks)
      case .cancel:
        let cancel = try Cancel.decode(bytes, part.body)
        let entry = reverse.flatMap { table[FileTable.Key(flow: $0, file: cancel.file)] }
        found = found || Self.touch(cancel.space, cancel.ranges, entry?.cut, chunks)
      case .refuse:
        let refuse = try Refuse.decode(bytes, part.body)
        let entry = table[FileTable.Key(flow: flow, file: refuse.file)]
        found = found || Self.touch(refuse.space, refuse.ranges, entry?.cut, chunks)
      case .offer:
        let offer = try Offer.decode(bytes, part.body)
        found = found || Self.touch(offer.have, chunks)
      case .have:
        let have = try Have.decode(bytes, part.body)
        found = found || Self.touch(have.chunks, chunks)
      case .want, .known, .hello, .same, .progress, .pass, nil: break
      }
    }
    return found
  }

  private static func touch(_ runs: [ChunkRun], _ chunks: ClosedRange<UInt32>) -> Bool {
    runs.contains { $0.first <= chunks.upperBound && $0.end > chunks.lowerBound }
  }

  private static func touch(
    _ space: UInt8, _ ranges: [RangeField], _ cut: Cut?, _ chunks: ClosedRange<UInt32>
  ) -> Bool {
    guard space == ContentSpace.content.rawValue, let cut, cut.size > 0, cut.chunks > 0 else { return false }
    return ranges.contains { range in
      guard range.length > 0, range.offset < cut.size else { return false }
      let last = min(range.offset + UInt64(range.length) - 1, cut.size - 1)
      let from = UInt32(cut.chunk(ofPiece: cut.piece(at: range.offset)))
      let to = UInt32(cut.chunk(ofPiece: cut.piece(at: last)))
      return from <= chunks.upperBound && to >= chunks.lowerBound
    }
  }
}
