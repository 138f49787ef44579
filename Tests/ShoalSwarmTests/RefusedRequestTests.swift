import ShoalBase
import ShoalSimulator
import ShoalTransport
import ShoalWire
import Testing

@testable import ShoalSwarm

/// A peer that refuses is asked again, since it may be the only one, but not over and over.
struct RefusedRequestTests {
  /// A host that first refuses what `refuses` says, and then serves the whole file.
  private final class Refuser {
    var refusals = 0
    var requests = 0
    var servesFrom = Instant.distantFuture
  }

  private func refuser(_ scene: Scene, _ code: Refusal, _ space: ContentSpace) -> (WorldStranger, Refuser) {
    let state = Refuser()
    let file = scene.file
    let server = scene.liar(then: { stranger, event, now in
      guard case .request(let id, let request) = event, let asked = ContentSpace(rawValue: request.space) else {
        return
      }
      if asked == space, now < state.servesFrom {
        var refuse = Refuse()
        (refuse.file, refuse.code, refuse.space, refuse.ranges) = (
          request.file, code.rawValue, request.space, request.ranges
        )
        state.refusals += 1
        return stranger.send(refuse, on: id)
      }
      state.requests += 1
      for range in request.ranges {
        stranger.endpoint.send(
          Payload(
            source: UInt32(request.space), space: asked, file: request.file, offset: range.offset,
            length: Int(range.length)), on: id)
      }
    })
    server.content = { payload, room in
      guard payload.source == 1 else { return file.fill(&room, offset: payload.offset) }
      for i in 0..<room.count { room[i] = file.manifest.bytes[Int(payload.offset) + i] }
    }
    return (server, state)
  }

  @Test(arguments: Refusal.allCases, [ContentSpace.content, .manifest])
  func theOnlyPeerIsAskedAgainAndNotOverAndOver(code: Refusal, space: ContentSpace) {
    let scene = Scene(1, 300_000)
    let (server, state) = refuser(scene, code, space)
    state.servesFrom = scene.world.now + 12 * .second
    scene.downloader(from: [server.address])
    scene.world.run(for: 12 * .second)
    // With pauses from 50 ms, doubling up to 5 s; for pieces that it denies having, from 5 s.
    #expect(state.refusals >= 2 && state.refusals <= 12, "\(state.refusals)")
    scene.finish(within: 15)
  }

  /// A peer that still sends what it was asked for before is asked for more at once.
  @Test func whatComesEndsThePause() {
    let scene = Scene(2, 3_000_000)
    let file = scene.file
    var turn = 0
    let server = scene.liar(
      "delay=5ms,rate=50mbit",
      then: { stranger, event, _ in
        guard case .request(let id, let request) = event, let asked = ContentSpace(rawValue: request.space) else {
          return
        }
        var refuse = Refuse()
        (refuse.file, refuse.code) = (request.file, Refusal.tooManyRequests.rawValue)
        for range in request.ranges {
          turn += 1
          guard asked == .manifest || turn % 2 == 0 else {
            refuse.ranges.append(range)
            continue
          }
          stranger.endpoint.send(
            Payload(
              source: UInt32(request.space), space: asked, file: request.file, offset: range.offset,
              length: Int(range.length)), on: id)
        }
        if !refuse.ranges.isEmpty { stranger.send(refuse, on: id) }
      })
    server.content = { payload, room in
      guard payload.source == 1 else { return file.fill(&room, offset: payload.offset) }
      for i in 0..<room.count { room[i] = file.manifest.bytes[Int(payload.offset) + i] }
    }
    scene.downloader(from: [server.address])
    #expect(scene.finish(within: 10) < 3 * .second)
  }
}
