import Foundation
import Shoal
import TestSupport
import Testing

/// A download for which nothing arrives ends when its time limit is reached, and not before.
@Suite(.inRealTime) struct WaitTests {
  private func code(_ download: Download) async throws -> ShoalError.Code? {
    do {
      try await within(60) { try await download.finish() }
      return nil
    } catch let error as ShoalError { return error.code }
  }

  @Test func whatNobodyOffersIsGivenUp() async throws {
    let shared = try await SharedFile(100_000)
    var ticket = shared.ticket
    // A peer is there, but it has another file.
    ticket.id = .zero
    let asker = try peer()
    let download = try await asker.download(
      ticket, to: .file(shared.out), wait: .milliseconds(700))
    #expect(try await code(download) == .unavailable)
    await shared.close(asker)
  }

  @Test func aSharerThatIsGoneIsGivenUp() async throws {
    let shared = try await SharedFile(3_000_000)
    let asker = try peer("rate=2mbit")
    let download = try await asker.download(shared.ticket, to: .file(shared.out), wait: .seconds(1))
    var isGone = false
    do {
      for try await progress in download.progress where progress.bytes > 300_000 && !isGone {
        isGone = true
        await shared.close()
      }
      Issue.record("it ended well")
    } catch {
      #expect(error.code == .unavailable)
      #expect("\(error)".hasPrefix("nothing of in arrived for 1 s: nobody serves it any more; try again: "))
    }
    #expect(shared.scratch.has("out.part"))
    await asker.close()
  }

  @Test func whoCannotSendIsNotToldThatNobodyAnswers() async throws {
    let scratch = try Scratch()
    let asker = try peer()
    // The asking peer's socket is for IPv4.
    let ticket = Ticket(id: .zero, peers: ["[::1]:9"], name: "in")
    let download = try await asker.download(ticket, to: .file(scratch.at("out")), wait: .seconds(1))
    await #expect {
      try await within(60) { try await download.finish() }
    } throws: {
      "\($0)" == "nobody who offers in was found in 1 s: nothing can be sent to [::1]:9: "
        + "we listen at an IPv4 address, see the option listen"
    }
    await asker.close()
  }

  @Test func aSlowDownloadIsNot() async throws {
    let shared = try await SharedFile(400_000)
    let asker = try peer("rate=1mbit")
    let download = try await asker.download(shared.ticket, to: .file(shared.out), wait: .seconds(1))
    #expect(try await code(download) == nil)
    await shared.close(asker)
  }
}
