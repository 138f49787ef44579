import ShoalBase
import ShoalContent
import ShoalTransport
import ShoalWire

// The values of blocks, for peers that received a wrong piece. The host hashes the blocks; the values are sent as
// messages, ahead of content, since a whole piece waits for them.
extension Swarm {
  /// Makes the host hash the requested blocks, and refuses ranges that are not here or are too many.
  mutating func serveTree(_ request: Request, to key: LinkKey, of file: FileKey, at now: Instant) {
    guard let link = links[key], let copy = files[file]?.offered else {
      resources.outbox.refuse(request.ranges, of: request, .notHere, to: key)
      return deliver(at: now)
    }
    let content = ServedContent(key: file, manifestLength: 0, copy: copy)
    let isBusy = endpoint.queued(link.connection).messages >= SwarmConstants.queuedHaves
    var room = isBusy ? 0 : SwarmConstants.treesPerConnection - link.reads.treeCount
    var (absent, excess, work): ([RangeField], [RangeField], Int) = ([], [], 0)
    for range in request.ranges {
      guard content.holds(range, .tree), let bytes = BlockTree.content(of: range.bytes, in: copy.cut) else {
        absent.append(range)
        work += SwarmConstants.rangeWork
        continue
      }
      guard room > 0, allowance(key, at: now) > work else {
        excess.append(range)
        work += SwarmConstants.rangeWork
        continue
      }
      room -= 1
      // Reading and hashing a byte takes about as long as sending it.
      work += Work.range + bytes.count
      let payload = Payload(
        source: file.source, space: .tree, file: request.file, offset: range.offset, length: Int(range.length))
      guard let number = links[key]?.reads.begin(payload) else { continue }
      let read = ReadKey(link: key, serial: link.serial, number: number)
      emit(.treeWanted(read, file, offset: bytes.lowerBound, length: bytes.count))
    }
    resources.outbox.refuse(absent, of: request, .notHere, to: key)
    resources.outbox.refuse(excess, of: request, .tooManyRequests, to: key)
    deliver(at: now)
    charge(work, to: key)
  }

  /// Call this when requested blocks have been hashed, or cannot be read.
  package mutating func treeRead(_ read: ReadKey, values: [Digest]?, at now: Instant) {
    guard let link = links[read.link], link.serial == read.serial, let range = links[read.link]?.reads.end(read.number)
    else { return }
    let skipped = Int(range.offset % UInt64(Digest.byteCount))
    let bytes = (values ?? []).flatMap { value in (0..<Digest.byteCount).map { value[$0] } }
    guard bytes.count >= skipped + range.length else {
      var request = Request()
      (request.file, request.space) = (range.file, range.space)
      let absent = [RangeField(offset: range.offset, length: UInt32(range.length))]
      resources.outbox.refuse(absent, of: request, .notHere, to: read.link)
      return deliver(at: now)
    }
    for start in stride(from: 0, to: range.length, by: Block.longestContent) {
      var block = Block()
      (block.file, block.space, block.offset) = (range.file, range.space, range.offset + UInt64(start))
      let part = bytes[skipped + start..<skipped + min(start + Block.longestContent, range.length)]
      if let message = try? block.encoded(content: part) { resources.outbox.post(encoded: message, to: read.link) }
    }
    deliver(at: now)
  }
}

extension RangeField {
  /// The bytes, clamped to 2^64.
  var bytes: Range<UInt64> {
    let (end, isBeyond) = offset.addingReportingOverflow(UInt64(length))
    return offset..<(isBeyond ? .max : end)
  }
}
