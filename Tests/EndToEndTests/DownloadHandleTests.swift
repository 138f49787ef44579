import Shoal
import TestSupport
import Testing

/// A download is awaited, cancelled with its task, removed and listed; it has a rate and an end.
@Suite(.inRealTime) struct DownloadHandleTests {
  private func code(_ body: @escaping @Sendable () async throws -> Void) async -> ShoalError.Code? {
    do {
      try await within(60, body)
      return nil
    } catch { return (error as? ShoalError)?.code }
  }

  private func wait(_ condition: @escaping @Sendable () async -> Bool) async throws {
    try await within(60) { while await !condition() { try await Task.sleep(for: .milliseconds(10)) } }
  }

  @Test func itIsCancelledWithTheTaskThatWaits() async throws {
    let asker = try peer()
    let nobody = Ticket(id: .zero, peers: ["127.0.0.1:9"])
    for reads in [false, true] {
      let download = try await asker.download(nobody, to: .nowhere)
      #expect(await asker.downloads.map(\.id) == [.zero])
      let task = Task(priority: .high) {
        if reads { for try await _ in download.progress {} } else { _ = try await download.value }
      }
      task.cancel()
      #expect(await code { try await task.value } == .stopped)
      #expect(await code { _ = try await download.value } == .stopped)
      #expect(await asker.downloads.isEmpty)
    }
    // Before it has begun.
    let late = Task(priority: .high) {
      while !Task.isCancelled { await Task.yield() }
      _ = try await asker.download(nobody, to: .nowhere)
    }
    late.cancel()
    #expect(await code { try await late.value } == .stopped)
    #expect(await asker.downloads.isEmpty)
    await asker.close()
  }

  @Test func aQuestionIsCancelledWithItsTask() async throws {
    let asker = try peer()
    try await asker.add(tracker: "127.0.0.1:9")
    let task = Task(priority: .high) { try await asker.find(name: "x") }
    task.cancel()
    #expect(await code { _ = try await task.value } == .stopped)
    await asker.close()
  }

  @Test func whatIsRemovedLeavesNothing() async throws {
    let scratch = try Scratch()
    let origin = try peer()
    let share = try await origin.share(longContent, name: "in")
    let asker = try peer("rate=1mbit")
    for isCancelledFirst in [false, true] {
      let download = try await asker.download(share.ticket, to: .file(scratch.at("out")))
      try await wait { download.latest.bytes > 0 }
      #expect(scratch.has("out.part"))
      if isCancelledFirst {
        download.cancel()
        #expect(await code { _ = try await download.value } == .stopped)
        #expect(scratch.has("out.part"))
      }
      await download.remove()
      #expect(!scratch.has("out.part") && !scratch.has("out"))
      #expect(await code { _ = try await download.value } == .stopped)
      #expect(await asker.downloads.isEmpty)
      await download.remove()
    }
    await asker.close()
    await origin.close()
  }

  @Test func aPartIsRemovedAfterThePeerIsGone() async throws {
    let scratch = try Scratch()
    let origin = try peer()
    let share = try await origin.share(longContent, name: "in")
    let asker = try peer("rate=1mbit")
    let download = try await asker.download(share.ticket, to: .file(scratch.at("out")))
    try await wait { download.latest.bytes > 0 }
    await asker.close()
    #expect(await code { _ = try await download.value } == .stopped)
    #expect(scratch.has("out.part"))
    await download.remove()
    #expect(!scratch.has("out.part"))
    await origin.close()
  }

  @Test func aPartThatAnotherGoesOnFromStays() async throws {
    let scratch = try Scratch()
    let origin = try peer()
    let share = try await origin.share(longContent, name: "in")
    let asker = try peer("rate=1mbit")
    let first = try await asker.download(share.ticket, to: .file(scratch.at("out")))
    try await wait { first.latest.bytes > 0 }
    first.cancel()
    #expect(await code { _ = try await first.value } == .stopped)
    let second = try await asker.download(share.ticket, to: .file(scratch.at("out")))
    try await wait { second.latest.phase == .downloading }
    await first.remove()
    #expect(scratch.has("out.part"))
    await second.remove()
    #expect(!scratch.has("out.part"))
    await asker.close()
    await origin.close()
  }

  @Test func whatIsFinishedIsServedUntilItIsRemoved() async throws {
    let scratch = try Scratch()
    let origin = try peer()
    let share = try await origin.share(try scratch.file("in", 200_000))
    let middle = try peer()
    let download = try await middle.download(share.ticket, to: .file(scratch.at("out")))
    let done = try await within(60) { try await download.value }
    #expect(done.phase == .finished && done.fraction == 1 && done.path == scratch.at("out") && done.total == 200_000)
    await origin.close()
    #expect(await middle.downloads.count == 1)
    #expect(await middle.downloads.first === download)
    let ticket = Ticket(id: share.id, peers: ["\(middle.address)"])
    let last = try peer()
    #expect(try await within(60) { try await last.fetch(ticket, upTo: 200_000).count } == 200_000)
    await download.remove()
    #expect(await middle.downloads.isEmpty)
    #expect(scratch.has("out"))
    #expect(await code { _ = try await last.fetch(ticket, upTo: 200_000, wait: .seconds(1)) } == .unavailable)
    // It has finished, and nothing changes that.
    download.cancel()
    #expect(try await download.value.phase == .finished)
    await last.close()
    await middle.close()
  }

  @Test func itHasARateAndAnEnd() async throws {
    let scratch = try Scratch()
    let origin = try peer()
    let share = try await origin.share(longContent, name: "in")
    let asker = try peer("rate=1mbit")
    let download = try await asker.download(share.ticket, to: .file(scratch.at("out")))
    let other = Task(priority: .high) {
      for try await progress in download.progress where progress.bytes > 0 { return progress }
      return download.latest
    }
    for try await progress in download.progress {
      guard let end = progress.eta, progress.phase == .downloading else { continue }
      #expect(progress.rate > 20_000 && progress.rate < 250_000)
      #expect(end > .seconds(5) && end < .seconds(200))
      #expect(progress.total == UInt64(longContent.count) && progress.fraction ?? 0 > 0)
      break
    }
    #expect(try await other.value.bytes > 0)
    download.cancel()
    await asker.close()
    await origin.close()
  }
}
