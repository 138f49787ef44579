import Shoal
import TestSupport
import Testing

/// A share can be stopped and listed, and is made from a file, from bytes or from a stream.
@Suite(.inRealTime) struct ShareHandleTests {
  private func code(_ body: () async throws -> Void) async -> ShoalError.Code? {
    do {
      try await body()
      return nil
    } catch { return (error as? ShoalError)?.code }
  }

  @Test func whatIsStoppedIsServedNoMore() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 300_000)
    let origin = try peer()
    let first = try await origin.share(file)
    let second = try await origin.share(file)
    #expect(await origin.shares.map(\.id) == [first.id, second.id])
    #expect(first.size == 300_000 && first.ticket == second.ticket)
    await first.stop()
    await first.stop()
    #expect(await origin.shares.count == 1)
    // The other share of the same file continues.
    let other = try peer()
    let download = try await other.download(second.ticket, to: .file(scratch.at("out")))
    try await within(60) { try await download.finish() }
    #expect(same(file, scratch.at("out")))
    await second.stop()
    #expect(await origin.shares.isEmpty)
    let late = try await other.download(second.ticket, to: .file(scratch.at("late")), wait: .seconds(1))
    #expect(await code { _ = try await within(60) { try await late.value } } == .unavailable)
    await other.close()
    await origin.close()
  }

  @Test func bytesAndStreamsAreServed() async throws {
    let origin = try peer()
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 0x9e37_79b1 >> 13) }
    let whole = try await origin.share(content, name: "bytes")
    let parts = AsyncStream<ArraySlice<UInt8>> { output in
      for start in stride(from: 0, to: content.count, by: 70_000) {
        output.yield(content[start..<min(start + 70_000, content.count)])
      }
      output.finish()
    }
    let stream = try await origin.share(reading: parts, name: "stream")
    #expect(stream.id == whole.id && stream.name == "stream" && stream.size == 300_000)
    let empty = try await origin.share([], name: "")
    #expect(empty.size == 0 && empty.ticket.name == nil)
    let other = try peer()
    for share in [whole, stream, empty] {
      let fetched = try await within(60) { try await other.fetch(share.ticket, upTo: 300_000) }
      #expect(fetched == (share.size == 0 ? [] : content))
    }
    await other.close()
    await origin.close()
  }

  @Test func aStreamThatFailsIsNotShared() async throws {
    struct Torn: Error {}
    let origin = try peer()
    let parts = AsyncThrowingStream<[UInt8], any Error> { output in
      output.yield([1, 2, 3])
      output.finish(throwing: Torn())
    }
    await #expect { _ = try await origin.share(reading: parts, name: "torn") } throws: {
      ($0 as? ShoalError)?.code == .file && "\($0)" == "torn: the stream failed: Torn()"
    }
    #expect(await origin.shares.isEmpty)
    await origin.close()
  }

  @Test func hundredsAreListedAndStopped() async throws {
    let origin = try peer()
    for number in 0..<300 { _ = try await origin.share("\(number)".utf8, name: "\(number)") }
    let shares = await origin.shares
    #expect(shares.map(\.name) == (0..<300).map { "\($0)" })
    for share in shares.dropLast() { await share.stop() }
    let other = try peer()
    let last = try #require(shares.last)
    let fetched = try await within(60) { try await other.fetch(last.ticket, upTo: 3) }
    #expect(fetched == Array("299".utf8))
    await other.close()
    await origin.close()
  }

  @Test func aCancelledTaskSharesNothing() async throws {
    let scratch = try Scratch()
    let file = try scratch.file("in", 8_000_000)
    let origin = try peer()
    let task = Task(priority: .high) { try await origin.share(file) }
    task.cancel()
    // It may have been hashed before it was cancelled.
    let result = await task.result
    if case .failure(let error) = result { #expect((error as? ShoalError)?.code == .stopped) }
    let never = AsyncStream<[UInt8]> { _ in }
    let waiting = Task(priority: .high) { try await origin.share(reading: never, name: "never") }
    waiting.cancel()
    #expect(await code { _ = try await waiting.value } == .stopped)
    await origin.close()
  }

  @Test func aClosedPeerSaysSo() async throws {
    let origin = try peer()
    let share = try await origin.share([1, 2, 3], name: "x")
    async let closed: Void = origin.close()
    await origin.close()
    await closed
    await origin.close()
    #expect(await code { _ = try await origin.share([1], name: "x") } == .stopped)
    #expect(await code { _ = try await origin.download(share.ticket, to: .nowhere) } == .stopped)
    #expect(await code { _ = try await origin.find(name: "x") } == .stopped)
    #expect(await origin.shares.isEmpty)
    await share.stop()
    for await _ in origin.events {}
  }

  @Test func aScopeEndsWithItsPeer() async throws {
    struct Enough: Error {}
    let (peers, output) = AsyncStream<Peer>.makeStream()
    await #expect(throws: Enough.self) {
      try await Peer.run(Peer.Options(listen: "127.0.0.1:0")) { peer in
        output.yield(peer)
        throw Enough()
      }
    }
    let task = Task(priority: .high) {
      try await Peer.run(Peer.Options(listen: "127.0.0.1:0")) { peer in
        output.yield(peer)
        try await Task.sleep(for: .seconds(100))
      }
    }
    var iterator = peers.makeAsyncIterator()
    let thrown = try #require(await iterator.next())
    let cancelled = try #require(await iterator.next())
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    for peer in [thrown, cancelled] {
      #expect(await code { _ = try await peer.share([1], name: "x") } == .stopped)
    }
    #expect(try await Peer.run(Peer.Options(listen: "127.0.0.1:0")) { $0.address.port } > 0)
  }
}
