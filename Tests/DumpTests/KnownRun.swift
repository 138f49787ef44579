import ShoalBase
import ShoalLink
import ShoalSwarm
import ShoalTransport
import ShoalWire

@testable import ShoalSimulator

/// A transfer from one peer to another in virtual time, with the state of hosts and links at many moments: from it
/// follows what limited the transfer, whatever a capture shows.
struct KnownRun {
  /// What is run.
  struct Plan {
    var name: String
    var size: Int
    /// The sender's link; the receiver's is clean.
    var link: LinkSpec
    var window: UInt32 = 65_536
    var congestion = CongestionAlgorithm.bbr
    var repeatMode = RepeatMode.selectiveRepeat
    /// The most content sent, or requested, per second.
    var upload: Int?
    var download: Int?
    /// Bytes per second of the receiver's disk, and the most that may wait for it.
    var disk: Double?
    var buffer = 64 << 20
  }

  /// The state at one moment.
  struct Sample {
    /// Since the beginning.
    var time: Nanoseconds
    var isDown = false
    /// Whether a datagram sent now would wait for a line's rate on the way to the receiver, and on the way back.
    var isBusy = false
    var isBackBusy = false
    /// What keeps the sender from sending.
    var hold = SendHold.nothing
    var unsent = 0
    /// Bytes of the file that the sender has sent.
    var contentSent = 0
    var retransmitted = 0
    var phase = ""
    /// Datagrams that the line to the receiver has dropped or damaged.
    var dropped = 0
    /// Bytes of the file that the receiver has accepted, and that it has verified and written.
    var accepted: UInt64 = 0
    var written: UInt64 = 0
    /// Whether what waits for the receiver's disk leaves no room to request another piece.
    var isFull = false
  }

  let plan: Plan
  private(set) var samples: [Sample] = []
  private(set) var isComplete = false
  private(set) var violations: [String] = []
  /// The round trip of an empty line.
  var roundTrip: Nanoseconds { plan.link.up.delay + plan.link.down.delay }

  /// Runs it for at most `limit`; `watches` see one end each, of the same history.
  init(_ plan: Plan, seed: UInt64, limit: Nanoseconds = 120 * .second, watches: [WorldWatch]) {
    self.plan = plan
    let world = World(seed: seed, start: Instant(nanoseconds: 1_000 * .second))
    let start = world.now
    var configuration = SwarmConfiguration()
    configuration.transport.window = plan.window
    configuration.transport.congestion = plan.congestion
    configuration.transport.repeatMode = plan.repeatMode
    configuration.transport.recordsLosses = true
    configuration.transport.receivedMTU = configuration.transport.mtu
    configuration.bufferLimit = plan.buffer
    var sending = configuration
    sending.limits.upload = plan.upload
    configuration.limits.download = plan.download
    let file = WorldFile(seed: UInt32(truncatingIfNeeded: seed), size: plan.size)
    for watch in watches { world.add(watch) }
    let sender = world.addPeer(sending, link: plan.link)
    let receiver = world.addPeer(configuration)
    let pace = plan.disk.map { DiskPace($0) }
    if let pace {
      receiver.disk.latency = { job in
        guard case .settle(let piece, let manifest) = job else { return 0 }
        return pace.write(manifest.cut.pieceLength(piece))
      }
    }
    world.share(file, from: sender)
    let key = world.download(file, to: receiver, from: [sender.address], expected: file.cut)
    var random = SeededGenerator(seed: seed)
    let step = min(max(roundTrip / 40, .millisecond / 2), 5 * .millisecond)
    while world.violations.isEmpty, world.now - start < limit, receiver[key].storedAt == nil {
      pace?.now = world.now
      // Steps of different lengths, so that they are not in step with anything.
      world.run(for: step / 2 + Nanoseconds(random.next() % UInt64(step)))
      var sample = Sample(time: world.now - start)
      sample.isDown = plan.link.up.outage?.isDown(after: world.now - start) ?? false
      if let line = world.network.waits(of: sender.address, at: world.now) {
        (sample.isBusy, sample.isBackBusy) = (line.up > 0, line.down > 0)
      }
      if let counters = world.network.counters(of: sender.address) {
        sample.dropped = counters.up.dropped + counters.up.corrupted
      }
      let status = sender.swarm.statuses.max { $0.counters.contentSent < $1.counters.contentSent }
      if let status {
        (sample.hold, sample.unsent, sample.phase) = (status.hold, status.queuedBytes, status.state)
        sample.retransmitted = status.counters.retransmitted
      }
      sample.contentSent = sender.contentSent
      let progress = receiver.swarm.progress(key)
      (sample.accepted, sample.written) = (progress.accepted, progress.bytes)
      sample.isFull = receiver.swarm.buffered + file.cut.pieceLength(0) > plan.buffer
      samples.append(sample)
    }
    isComplete = receiver[key].storedAt != nil
    // The sender learns of the end too.
    world.run(for: 2 * roundTrip + 100 * .millisecond)
    violations = world.violations
  }
}

/// A disk that writes one piece after another.
private final class DiskPace: @unchecked Sendable {
  private let rate: Double
  var now = Instant.zero
  private var free = Instant.zero

  init(_ rate: Double) { self.rate = rate }

  /// How long it takes to write this many bytes after all others.
  func write(_ bytes: Int) -> Nanoseconds {
    free = max(free, now) + Nanoseconds(Double(bytes) / rate * 1e9)
    return free - now
  }
}
