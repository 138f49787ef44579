import Foundation
import ShoalBase
import ShoalWire
import Synchronization
import TestSupport
import Testing

@testable import Shoal

/// A name server for a single test.
private final class Names: Sendable {
  private let known: Mutex<[String: [Address]]>
  private let asked = Mutex<[String: Int]>([:])

  init(_ known: [String: [Address]] = [:]) { self.known = Mutex(known) }

  subscript(_ host: String) -> [Address]? {
    get { known.withLock { $0[host] } }
    set { known.withLock { $0[host] = newValue } }
  }

  /// How often a name was looked up.
  func count(_ host: String) -> Int { asked.withLock { $0[host] ?? 0 } }

  func resolve(_ place: Resolver.HostPort) -> Result<[Address], ResolverError> {
    if let address = Resolver.numeric(place.host, port: place.port) { return .success([address]) }
    asked.withLock { $0[place.host, default: 0] += 1 }
    guard let addresses = self[place.host] else { return .failure(.unknownHost(place.host)) }
    return addresses.isEmpty ? .failure(.noAnswer(place.host)) : .success(addresses)
  }

  /// A peer that uses it, and looks names up ten times as often as usual.
  func peer() throws -> Peer {
    var options = NodeOptions(listen: "127.0.0.1:0")
    options.resolve = { self.resolve($0) }
    options.namePace = NameBook.Pace(
      leastPause: 200 * .millisecond, interval: 60 * .second, firstRetry: 200 * .millisecond,
      longestRetry: .second)
    options.swarm.tracker.firstRetry = 200 * .millisecond
    return try Peer.start(options)
  }
}

/// Names with several addresses, with none, or with addresses that change.
@Suite(.inRealTime) struct NameTests {
  /// Nobody listens there.
  private let dead = Address(high: 0, low: 1, port: 9)

  private func error(_ body: @escaping @Sendable () async throws -> Void) async -> String {
    do {
      try await within(60) { try await body() }
      return "none"
    } catch { return (error as? ShoalError).map { "\($0.code.rawValue): \($0)" } ?? "\(error)" }
  }

  @Test func allAddressesOfATrackerAndOfAPeerAreTried() async throws {
    let shared = try await SharedFile(100_000)
    let names = Names(["both.example": [dead, Address(ipv4: 0x7f00_0001, port: 9), shared.origin.address]])
    for (number, ticket) in [
      Ticket(id: shared.id, trackers: ["both.example:1"]), Ticket(id: shared.id, peers: ["both.example:1"]),
    ].enumerated() {
      let asker = try names.peer()
      let download = try await asker.download(ticket, to: .file(shared.scratch.at("out\(number)")))
      let last = try await within(60) { try await download.finish() }
      #expect(last.bytes == 100_000 && last.from.count == 1)
      await asker.close()
    }
    await shared.close()
  }

  @Test func aNameThatLeadsNowhereIsAWarningBesideOneThatDoesNot() async throws {
    let shared = try await SharedFile(100_000)
    let names = Names(["good.example": [shared.origin.address], "slow.example": []])
    let asker = try names.peer()
    for name in ["bad.example", "slow.example", "good.example"] { try await asker.add(tracker: "\(name):1") }
    let found = try await within(60) { try await asker.find(name: "in") }
    #expect(found.map(\.id) == [shared.id])
    let ticket = Ticket(id: shared.id, peers: ["bad.example", "good.example"])
    let download = try await asker.download(ticket, to: .file(shared.out))
    try await within(60) { try await download.finish() }
    let told = try await within(60) {
      for await event in asker.events {
        if case .unresolved(let reason, _) = event, reason.contains("bad") { return reason }
      }
      return ""
    }
    #expect(told == "\"bad.example\": no such host")
    await shared.close(asker)
  }

  @Test func whereEveryNameIsWrongNothingIsWaitedFor() async throws {
    let scratch = try Scratch()
    let names = Names(["slow.example": []])
    let asker = try names.peer()
    let out = scratch.at("out")
    let expected = "bad_address: \"bad.example\": no such host; check the name"
    let get: @Sendable (Ticket) async throws -> Void = { ticket in
      try await asker.download(ticket, to: .file(out)).finish()
    }
    #expect(await error { try await get(Ticket(id: .zero, peers: ["bad.example"])) } == expected)
    #expect(await error { try await get(Ticket(id: .zero, trackers: ["bad.example"])) } == expected)
    #expect(
      await error { try await get(Ticket(id: .zero, peers: ["bad.example", "[fe80::1]:5", "fe80::1%nosuch"])) }
        == "bad_address: \"bad.example\": no such host; "
        + "\"fe80::1\": a link-local address is one of a single link: say which, as in fe80::1%eth0; "
        + "\"fe80::1%nosuch\": this machine has no interface \"nosuch\"; see 'ip link'; "
        + "check the names")
    try await asker.add(tracker: "bad.example")
    #expect(await error { _ = try await asker.find(name: "in") } == expected)
    #expect(await error { _ = try await asker.lookup(id: .zero) } == expected)
    // A name server that has not answered yet may still do so.
    let download = try await asker.download(
      Ticket(id: .zero, peers: ["slow.example"]), to: .file(out), wait: .seconds(1))
    #expect(
      await error { try await download.finish() }
        == "unavailable: nobody who offers 00000000 was found in 1 s: \"bad.example\": no such host; "
        + "\"slow.example\": no name server answers; is this machine online?; check the names")
    await asker.close()
  }

  @Test func aNameToListenAtNeedOnlyLeadHereToo() async throws {
    let elsewhere = Address(ipv4: 0xc000_0201, port: 0)
    let names = Names(["both.example": [elsewhere, Address(ipv4: 0x7f00_0001, port: 0)], "there.example": [elsewhere]])
    var options = NodeOptions(listen: "both.example:0")
    options.resolve = { names.resolve($0) }
    let peer = try Peer.start(options)
    #expect(peer.address.isLoopback)
    await peer.close()
    options.listen = "there.example:0"
    #expect {
      try Peer.start(options)
    } throws: {
      "\($0)" == "192.0.2.1: not an address of this machine; choose another address to listen at"
    }
  }

  @Test func aNameThatLeadsSomewhereLaterIsFollowed() async throws {
    let shared = try await SharedFile(100_000)
    let names = Names(["late.example": []])
    let asker = try names.peer()
    try await asker.add(tracker: "late.example:1")
    let question = Task(priority: .high) { try await asker.find(name: "in") }
    try await Task.sleep(for: .milliseconds(300))
    names["late.example"] = [shared.origin.address]
    let found = try await within(60) { try await question.value }
    #expect(found.map(\.id) == [shared.id])
    await shared.close(asker)
  }

  @Test func aTrackerThatMovesIsFoundAgain() async throws {
    let scratch = try Scratch()
    let first = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    let second = try Tracker.start(NodeOptions(listen: "127.0.0.1:0"))
    let names = Names(["moves.example": [first.address]])
    let origin = try names.peer()
    try await origin.add(tracker: "moves.example:1")
    let share = try await origin.share(try scratch.file("in", 100_000))
    let registered: @Sendable (Address) async throws -> Void = { address in
      try await within(60) {
        for await event in origin.events { if case .registered(address, _) = event { return } }
      }
    }
    try await registered(first.address)
    await first.close()
    names["moves.example"] = [second.address]
    // It has something to print, and notices that nobody reads it.
    let other = try await origin.share(try scratch.file("more", 1_000))
    try await registered(second.address)
    let asker = try peer()
    try await asker.add(tracker: "\(second.address)")
    for id in [share.id, other.id] {
      let result = try await within(60) {
        while true {
          if let found = try? await asker.lookup(id: id) { return found }
          try await Task.sleep(for: .milliseconds(100))
        }
      }
      #expect(result.peers.map(\.address) == [origin.address])
    }
    #expect(names.count("moves.example") >= 2)
    for peer in [origin, asker] { await peer.close() }
    await second.close()
  }
}
