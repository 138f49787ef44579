import ShoalLink
import Testing

@Suite struct LossModelTests {
  /// The fraction of `count` datagrams that is lost, and the mean length of runs of losses.
  private func measure(_ parameters: LinkParameters, count: Int, seed: UInt64) -> (share: Double, run: Double) {
    var link = Link(parameters, seed: seed)
    var (lost, runs, wasLost) = (0, 0, false)
    for fate in link.offer(count) {
      let isLost = fate == .dropped(.loss)
      if isLost {
        lost += 1
        if !wasLost { runs += 1 }
      }
      wasLost = isLost
    }
    #expect(link.counters.droppedLoss == lost)
    #expect(link.counters.delivered == count - lost)
    return (Double(lost) / Double(count), Double(lost) / Double(max(1, runs)))
  }

  @Test(arguments: [0.001, 0.05, 0.5, 0.95])
  func independentLossesHaveTheirShareAndRun(loss: Double) {
    let (share, run) = measure(LinkParameters(loss: loss), count: 50_000, seed: 1)
    #expect(abs(share - loss) < 5 * (loss * (1 - loss) / 50_000).squareRoot())
    #expect(abs(run * (1 - loss) - 1) < 0.1)
  }

  @Test(arguments: [(0.05, 3.0), (0.01, 1.0), (0.3, 10.0), (0.5, 2.5), (0.8, 4.0)])
  func burstsHaveTheirMeanAndKeepTheShare(loss: Double, burst: Double) {
    let (share, run) = measure(LinkParameters(loss: loss, burst: burst), count: 100_000, seed: 2)
    // Losses in runs vary about √(2 · burst) as much as independent ones.
    #expect(abs(share - loss) < 5 * (2 * burst * loss * (1 - loss) / 100_000).squareRoot())
    #expect(abs(run / burst - 1) < 0.1)
  }

  @Test func aBurstOfOneNeverLosesTwoInARow() {
    var link = Link(LinkParameters(loss: 0.3, burst: 1), seed: 3)
    let lost = link.offer(10_000).map { $0 == .dropped(.loss) }
    #expect(!zip(lost, lost.dropFirst()).contains { $0 && $1 })
  }

  @Test func aBurstTooShortForTheLossKeepsTheLoss() {
    let (share, run) = measure(LinkParameters(loss: 0.9, burst: 1), count: 50_000, seed: 4)
    #expect(abs(share - 0.9) < 0.01)
    #expect(abs(run - 9) < 0.5)
  }

  @Test(arguments: [nil, 1, 5] as [Double?])
  func allOrNothingIsLost(burst: Double?) {
    #expect(measure(LinkParameters(loss: 1, burst: burst), count: 1_000, seed: 5).share == 1)
    #expect(measure(LinkParameters(loss: 0, burst: burst), count: 1_000, seed: 5).share == 0)
  }

  @Test func aBurstyLinkMayStartBad() {
    let bad = (0..<2_000).count { seed in
      var link = Link(LinkParameters(loss: 0.5, burst: 100), seed: UInt64(seed))
      return link.admit(ipLength: 100, payloadLength: 72, at: .zero) == .dropped(.loss)
    }
    #expect((900...1_100).contains(bad))
  }
}
