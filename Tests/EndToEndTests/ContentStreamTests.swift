import Shoal
import TestSupport
import Testing

/// Content that is fetched into memory, or read in order as it arrives.
@Suite(.inRealTime) struct ContentStreamTests {
  @Test func piecesComeInOrderAndNoFasterThanTheyAreRead() async throws {
    let origin = try peer()
    let share = try await origin.share(longContent, name: "long")
    var options = Peer.Options(listen: "127.0.0.1:0")
    options.memory = 8 << 20
    let reader = try Peer.start(options)
    let stream = try await reader.stream(share.ticket)
    try await within(60) {
      var place = 0
      for try await slice in stream {
        #expect(slice == longContent[place..<place + slice.count])
        place += slice.count
        guard place == slice.count else { continue }
        // A slow reader.
        try await Task.sleep(for: .milliseconds(400))
        #expect(stream.download.latest.bytes <= 2 << 20 + 64 << 10)
      }
      #expect(place == longContent.count)
      #expect(stream.download.latest.phase == .finished)
    }
    #expect(await reader.downloads.isEmpty)
    await reader.close()
    await origin.close()
  }

  @Test func aLinkThatLosesAndReordersDoesNot() async throws {
    let origin = try peer("loss=3%,corrupt=1%,delay=2ms,jitter=2ms,reorder=5%")
    let share = try await origin.share(longContent[..<2_000_000], name: "short")
    let reader = try peer()
    let fetched = try await within(60) { try await reader.fetch(share.ticket, upTo: 2_000_000) }
    #expect(fetched[...] == longContent[..<2_000_000])
    await reader.close()
    await origin.close()
  }

  @Test func whatIsTooLargeIsRefused() async throws {
    let origin = try peer()
    for size in [50_000, 3_000_000] {
      let share = try await origin.share(longContent[..<size], name: "large")
      let reader = try peer()
      await #expect {
        try await within(60) { _ = try await reader.fetch(share.ticket, upTo: size - 1) }
      } throws: {
        "\($0)" == "large is larger than the \(size - 1) bytes that are accepted"
      }
      try await within(60) { while await !reader.downloads.isEmpty { try await Task.sleep(for: .milliseconds(10)) } }
      await reader.close()
    }
    await origin.close()
  }

  @Test func nobodyToReadIsNobodyToFetchFor() async throws {
    let origin = try peer()
    let share = try await origin.share(longContent, name: "long")
    var options = Peer.Options(listen: "127.0.0.1:0")
    // Less than the content: not all of it can have arrived before the reader is closed.
    options.memory = 8 << 20
    let reader = try Peer.start(options)
    do {
      let stream = try await reader.stream(share.ticket)
      for try await _ in stream { break }
      #expect(await reader.downloads.count == 1)
    }
    try await within(60) { while await !reader.downloads.isEmpty { try await Task.sleep(for: .milliseconds(10)) } }
    let stream = try await reader.stream(share.ticket)
    await reader.close()
    // What has arrived can still be read; then comes the error.
    await #expect(throws: ShoalError.self) { for try await _ in stream {} }
    await origin.close()
  }
}
