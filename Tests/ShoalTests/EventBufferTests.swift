import Testing

@testable import Shoal

struct EventBufferTests {
  /// An event of a number, or that so many are left out.
  private enum Event: Sendable, Equatable {
    case number(Int)
    case omitted(Int)
  }

  private func buffer(_ limit: Int) -> EventBuffer<Event> { EventBuffer(limit: limit) { .omitted($0) } }

  @Test func whatIsLeftOutIsToldInItsPlace() async {
    let buffer = buffer(3)
    for number in 1...10 { buffer.push(.number(number)) }
    var events = buffer.stream.makeAsyncIterator()
    #expect(await events.next() == .number(1))
    // Where there is room again, the omission comes before what is newer.
    buffer.push(.number(11))
    #expect(await events.next() == .number(2))
    buffer.push(.number(12))
    for event in [.number(3), .omitted(8), .number(12)] as [Event] { #expect(await events.next() == event) }
  }

  @Test func anOmissionAtTheEndIsToldToo() async {
    let buffer = buffer(2)
    for number in 1...100_000 { buffer.push(.number(number)) }
    var events = buffer.stream.makeAsyncIterator()
    for event in [.number(1), .number(2), .omitted(99_998)] as [Event] { #expect(await events.next() == event) }
    buffer.push(.number(100_001))
    #expect(await events.next() == .number(100_001))
  }

  @Test func everyEventIsToldOrCounted() async {
    let buffer = buffer(100)
    let reader = Task {
      var told = 0
      var last = 0
      for await event in buffer.stream {
        switch event {
        case .number(let number):
          #expect(number > last)
          last = number
          told += 1
        case .omitted(let count): told += count
        }
        if told == 50_000 { break }
      }
      return told
    }
    for number in 1...50_000 { buffer.push(.number(number)) }
    #expect(await reader.value == 50_000)
  }

  @Test func aReaderThatIsCancelledEnds() async {
    let buffer = buffer(2)
    let reader = Task { for await _ in buffer.stream {} }
    reader.cancel()
    await reader.value
    buffer.push(.number(1))
  }

  @Test func aPeerTellsHowManyOfItsEventsAreLeftOut() async throws {
    let peer = try Peer.start(NodeOptions(listen: "127.0.0.1:0"))
    peer.node.post { loop in for number in 1...2_500 { loop.onPeerEvent?(.trackersLeftOut(number)) } }
    _ = await peer.statistics()
    var told: [Int] = []
    for await event in peer.events {
      if case .trackersLeftOut(let number) = event { told.append(number) }
      guard case .omitted(let count) = event else { continue }
      #expect(count == 1_500)
      break
    }
    #expect(told == Array(1...1_000))
    await peer.close()
  }
}
