import ShoalBase
import ShoalLink
import ShoalTransport

extension KnownRun.Plan {
  /// So many plans of all kinds, always the same ones.
  static func some(_ count: Int) throws -> [KnownRun.Plan] {
    var random = SeededGenerator(seed: 12)
    return try (0..<count).map { try kinds[$0 % kinds.count](&random) }
  }

  private typealias Make = @Sendable (inout SeededGenerator) throws -> KnownRun.Plan

  private static func pick<T>(_ random: inout SeededGenerator, _ values: [T]) -> T {
    values[Int(random.next() % UInt64(values.count))]
  }

  private static func link(_ rate: Int, _ trip: Int, _ more: String = "", back: Int? = nil, queue: Double = 1) throws
    -> LinkSpec
  {
    let bytes = max(Int(queue * Double(rate) * 1e3 / 8 * Double(trip)), 24_000)
    return try LinkSpec(
      parsing:
        "rate=\(rate)mbit/\((back ?? rate * 1000))kbit,delay=\(Double(trip) / 2)ms,queue=\(bytes)B/\(max(bytes / 4, 16_000))B\(more)"
    )
  }

  private static let kinds: [Make] = [
    { random in
      let (rate, trip) = (pick(&random, [2, 5, 10, 20]), pick(&random, [5, 20, 50, 100]))
      let queue = pick(&random, [0.5, 1, 4])
      return KnownRun.Plan(name: "path", size: rate * 200_000, link: try link(rate, trip, queue: queue))
    },
    { random in
      let (rate, trip) = (pick(&random, [5, 10, 20]), pick(&random, [20, 50, 100]))
      let share = pick(&random, [0.15, 0.3, 0.5])
      let window = max(UInt32(share * Double(rate * 1_000_000 / 8) * Double(trip) / 1e3 / 1472), 4)
      return KnownRun.Plan(
        name: "window", size: Int(Double(rate) * 200_000 * share), link: try link(rate, trip), window: window)
    },
    { random in
      let (rate, trip) = (pick(&random, [5, 10, 20]), pick(&random, [10, 50, 100]))
      let share = pick(&random, [0.2, 0.4])
      let limit = Int(Double(rate) * 125_000 * share)
      return KnownRun.Plan(name: "requests", size: limit * 2, link: try link(rate, trip), download: limit)
    },
    { random in
      let (rate, trip) = (pick(&random, [10, 20]), pick(&random, [10, 50, 100]))
      let disk = Double(rate) * 125_000 * pick(&random, [0.2, 0.4])
      return KnownRun.Plan(
        name: "receiver", size: Int(disk * 3) + (2 << 19), link: try link(rate, trip), disk: disk, buffer: 2 << 19)
    },
    { random in
      let (rate, trip) = (pick(&random, [10, 20]), pick(&random, [2, 20, 60]))
      let back = rate * 1000 / pick(&random, [200, 400])
      return KnownRun.Plan(name: "return", size: rate * 200_000, link: try link(rate, trip, back: back))
    },
    { random in
      let (rate, trip) = (pick(&random, [5, 10, 20]), pick(&random, [10, 50, 100]))
      let outage = pick(&random, [",outage=2s/1s", ",outage=1500ms/700ms", ",outage=3s/2s"])
      return KnownRun.Plan(name: "outage", size: rate * 400_000, link: try link(rate, trip, outage))
    },
    { random in
      let (rate, trip) = (pick(&random, [10, 50]), pick(&random, [20, 100, 300]))
      return KnownRun.Plan(name: "tiny", size: pick(&random, [1_000, 20_000, 100_000]), link: try link(rate, trip))
    },
    { random in
      let (rate, trip) = (pick(&random, [5, 10, 20]), pick(&random, [20, 50, 100]))
      let loss = pick(&random, [5, 15, 30, 35])
      return KnownRun.Plan(name: "loss", size: rate * 200_000, link: try link(rate, trip, ",loss=\(loss)%/1%"))
    },
    { random in
      let (rate, trip) = (pick(&random, [5, 10, 20]), pick(&random, [10, 50, 100]))
      let limit = Int(Double(rate) * 125_000 * pick(&random, [0.2, 0.5]))
      return KnownRun.Plan(name: "application", size: limit * 2, link: try link(rate, trip), upload: limit)
    },
    { random in
      let (rate, trip) = (pick(&random, [5, 10, 20]), pick(&random, [20, 50, 100]))
      let queue = pick(&random, [0.1, 0.3, 1])
      return KnownRun.Plan(
        name: "cubic", size: rate * 200_000,
        link: try link(rate, trip, pick(&random, ["", ",loss=1%/0%"]), queue: queue), congestion: .cubic)
    },
  ]
}
