import ShoalBase
import ShoalLink
import ShoalSwarm
import ShoalTransport
import ShoalWire

/// One file from one origin to many receivers, in virtual time: the actual peers, each with a link and a disk of its
/// own.
///
/// The origin runs a tracker on its own port, as `shoal share` does; each receiver knows both from the ticket, as
/// `shoal get` does, and serves what it has.
package struct SimulatedSwarm: Sendable {
  /// How many receivers there are.
  package var receivers: Int
  /// The bytes of the file.
  package var size: Int
  /// The link of each receiver.
  package var link: LinkSpec
  /// The link of every second receiver; nil if it is like the others'.
  package var secondLink: LinkSpec?
  /// The link of the origin.
  package var originLink: LinkSpec
  /// The transport's configuration at every endpoint.
  package var transport: TransportConfiguration
  /// The time over which receivers arrive evenly, the first at once.
  package var arrival: Nanoseconds = 0
  /// The fraction of all bytes at the receivers at which the origin's power fails for good; nil: never.
  package var originLasts: Double?
  /// How many receivers lose power once they have half of the file, and are back a second later.
  package var restarts = 0
  /// How many receivers have no room for the file on their disks.
  package var fullDisks = 0
  /// A run that takes longer is given up.
  package var limit: Nanoseconds = 3_600 * .second
  /// A run in which no receiver has verified a piece for this long is given up too: longer than any pause of a peer
  /// that may still succeed.
  package var patience: Nanoseconds = 600 * .second

  /// The progress of all receivers.
  package struct Progress: Sendable {
    /// The time since the first receiver arrived.
    package var time: Nanoseconds
    /// Bytes that have been verified, over all receivers.
    package var verified: UInt64
    /// Receivers that have all of it.
    package var complete: Int
  }

  /// The outcome for one host.
  package struct Host: Sendable, Equatable {
    /// When it came, counted from the first receiver's arrival.
    package var arrived: Nanoseconds = 0
    /// The time from then until the file was on its disk under its name; nil: it never was.
    package var time: Nanoseconds?
    /// Why it cannot have the file; nil if it only ran out of time.
    package var failure: String?
    /// Verified bytes that came from the origin, and from other receivers.
    package var fromOrigin: UInt64 = 0, fromPeers: UInt64 = 0
    /// Bytes of the file that it sent, repeats included.
    package var contentSent = 0
    /// Its endpoint's counters.
    package var transport = TransportCounters()
    /// Datagrams that found its link's queue full, up and down.
    package var queueDropped = 0
    /// Bytes of the file that arrived although they were here already.
    package var redundant: UInt64 = 0
  }

  /// The outcome of a run.
  package struct Result: Sendable, Equatable {
    /// The receivers, in the order in which they came.
    package var receivers: [Host] = []
    /// The origin.
    package var origin = Host()
    /// When it ended, counted from the first receiver's arrival.
    package var time: Nanoseconds = 0
    /// Whether it was given up because nothing happened for longer than `patience`.
    package var isStalled = false
    /// A sum over all datagrams and their times.
    package var fingerprint: UInt64 = 0
    /// Violations of the protocol's rules; the run ended with the first.
    package var violations: [String] = []

    /// Receivers that have all of it.
    package var complete: Int { receivers.count { $0.time != nil } }
    /// When the last receiver had it, counted from the first one's arrival; nil if one never did.
    package var last: Nanoseconds? {
      complete == receivers.count ? receivers.compactMap { host in host.time.map { host.arrived + $0 } }.max() : nil
    }
  }

  /// A swarm of this many receivers, all with the same link; the origin's is the same.
  package init(receivers: Int, size: Int, link: LinkSpec, transport: TransportConfiguration) {
    (self.receivers, self.size, self.link, self.transport) = (receivers, size, link, transport)
    originLink = link
  }

  /// The link of a receiver.
  func link(of receiver: Int) -> LinkSpec { receiver % 2 == 1 ? secondLink ?? link : link }

  /// Runs it; everything follows from `seed`, which seeds the links too. `onProgress` is called a hundred times per
  /// second of virtual time.
  package func run(seed: UInt64, watch: WorldWatch? = nil, onProgress: (Progress) -> Void = { _ in }) -> Result {
    let run = SwarmRun(self, seed: seed, watch)
    run.finish(onProgress)
    return run.result
  }

  // MARK: The bound

  /// The least time in which any protocol could bring the file to all receivers, in seconds; nil if no rate limits it.
  ///
  /// The origin must send the file once; each receiver must receive it; and somebody must send all that the receivers
  /// get. Of a link's rate, only what is neither lost nor headers counts.
  package var bound: Double? {
    func rate(_ link: LinkParameters, then other: LinkParameters) -> Double {
      guard let rate = link.rate else { return .infinity }
      return Double(rate) / 8 * (1 - link.loss) * (1 - link.corrupt) * (1 - other.loss) * (1 - other.corrupt)
        * payloadShare
    }
    let file = Double(size)
    let links = (0..<receivers).map { link(of: $0) }
    let origin = rate(originLink.up, then: link.down)
    let up = links.reduce(0) { $0 + rate($1.up, then: link.down) }
    let down = links.reduce(.infinity) { min($0, rate($1.down, then: .clean)) }
    let all = Double(receivers) * file / (origin + up)
    let last = Double(arrival) / 1e9
    let bound = max(file / origin, last + file / down, all)
    return bound > last ? bound : nil
  }

  /// The fraction of a full IP packet that is file content.
  private var payloadShare: Double {
    let mtu = transport.mtu
    return Double(mtu - 28 - DataPacket.overhead - Block.overhead) / Double(mtu)
  }
}
