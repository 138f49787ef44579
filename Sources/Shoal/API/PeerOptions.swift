import ShoalBase
import ShoalContent
import ShoalLink
import ShoalSwarm
import ShoalTransport
import ShoalWire

extension Peer {
  /// The options of a peer. For each of them, and for each of `limits`, the `shoal` command has an option of the same
  /// name.
  public struct Options: Sendable {
    /// Where to listen: `:7401`, `0.0.0.0:7401`, `[::1]:0`. Port 0 stands for any free port.
    public var listen: String
    /// Whether any free port is taken if the port of `listen` is in use.
    public var anyPortIfBusy = false
    /// Whether a tracker answers on the same port, and the tickets of shared files name it.
    public var runsTracker: Bool
    /// Whether that tracker lists shares by name. If not, a share is found only by its ticket, or by its id, which
    /// nobody can guess.
    public var listsNames = false
    /// Trackers, `host:port`, with which every file is registered by name, that are asked for peers, and that tickets
    /// include.
    public var trackers: [String] = []
    /// How lost packets are retransmitted; go-back-N if either end asks for it.
    public var arq = RepeatMode.selectiveRepeat
    /// The most packets, counted from the lowest unacknowledged one, per connection and direction: 1 to 1,048,576.
    public var window = Int(TransportConfiguration().window)
    /// The congestion control.
    public var congestion = CongestionAlgorithm.bbr
    /// The largest IP packet to send, in bytes: 1,280 to 65,535. If nil, the MTU of the interface towards each peer, or
    /// 1,500 through a `link` that is not clean.
    public var mtu: Int?
    /// A simulated bad link that everything sent and received passes through.
    public var link = LinkSpec.clean
    /// Where to record every datagram, as pcapng.
    public var capture: String?
    /// Where to record what the transport decides, as qlog.
    public var qlog: String?
    /// Whether `capture` and `qlog` may replace files that have content; otherwise such files are errors.
    public var force = false
    /// A folder, created if necessary, where the hashes of large files are kept, so that a file that has not been
    /// touched since is shared at once; about 256 MB at most. If nil, no hashes are kept. `shoal` uses
    /// `$XDG_CACHE_HOME/shoal` or `~/.cache/shoal`.
    public var hashFolder: String?
    /// A file where the passes of other peers are kept, with which a connection to them starts faster the next time: at
    /// most 256, for a day. If nil, they are forgotten with the peer. `shoal get` uses `passes` in its cache folder.
    public var passFile: String?
    /// The limits at the start.
    public var limits = Limits()
    /// The most bytes of unverified pieces in memory, across all downloads.
    public var memory = SwarmConfiguration().bufferLimit

    /// Any free port and a clean link, unless told otherwise.
    public init(listen: String = ":0", runsTracker: Bool = false) {
      self.listen = listen
      self.runsTracker = runsTracker
    }
  }
}

extension Tracker {
  /// The options of a tracker.
  public struct Options: Sendable {
    /// Where to listen: `:7400`, `0.0.0.0:7400`, `[::1]:0`. Port 0 stands for any free port.
    public var listen: String
    /// A simulated bad link that everything sent and received passes through.
    public var link = LinkSpec.clean
    /// Where to record every datagram, as pcapng.
    public var capture: String?
    /// Whether `capture` may replace a file that has content; otherwise such a file is an error.
    public var force = false
    /// The file in which the tracker keeps its registrations, to continue from them after a restart; nil for none.
    public var state: String?
    /// The bytes of memory for registrations, 1 MiB to 1 TiB; 512 MiB if nil. The other limits follow from it.
    public var memory: Int?
    /// How often peers register again, 10 to 600 s; 60 s if nil. Whoever is silent for three times as long is forgotten.
    public var interval: Duration?
    /// The threads that answer, 1 to 64, each of which has a part of the files. One is enough for a hundred thousand
    /// requests a second.
    public var workers = 1
    /// A bound UDP socket that this process was given, to use instead of opening one.
    package var descriptor: Int32?

    /// The values that `workers` and, in seconds, `interval` may have.
    package static let workerRange = 1...64, intervalRange = 10...600

    /// The usual port and a clean link, unless told otherwise.
    public init(listen: String = ":\(Tracker.defaultPort)") { self.listen = listen }
  }
}

extension NodeOptions {
  package init(_ options: Peer.Options) throws(ShoalError) {
    self.init(listen: options.listen, runsTracker: options.runsTracker)
    anyPortIfBusy = options.anyPortIfBusy
    listsNames = options.listsNames
    swarm.transport.repeatMode = options.arq
    let windows = Int(Limits.window.lowerBound)...Int(Limits.window.upperBound)
    guard windows.contains(options.window) else {
      throw ShoalError(.badOption, "\(options.window): \(NodeOptions.range(windows)) packets", option: .window)
    }
    swarm.transport.window = UInt32(options.window)
    swarm.transport.congestion = options.congestion
    if let mtu = options.mtu {
      guard TransportConfiguration.mtuRange.contains(mtu) else {
        let range = NodeOptions.range(TransportConfiguration.mtuRange)
        throw ShoalError(.badOption, "\(mtu): \(range) bytes", option: .mtu)
      }
      swarm.transport.mtu = mtu
      followsInterfaceMTU = false
    }
    guard options.memory >= NodeOptions.leastMemory else {
      throw ShoalError(
        .badOption, "\(options.memory): must be \(NodeOptions.leastMemory) bytes or more", option: .memory)
    }
    swarm.bufferLimit = options.memory
    swarm.limits = try options.limits.checked()
    link = options.link
    (hashFolder, passFile) = (options.hashFolder, options.passFile)
    (capture, qlog, replacesRecords) = (options.capture, options.qlog, options.force)
  }

  init(_ options: Tracker.Options) throws(ShoalError) {
    self.init(listen: options.listen, runsTracker: true)
    link = options.link
    (capture, replacesRecords) = (options.capture, options.force)
    (trackerState, trackerMemory, descriptor) = (options.state, options.memory, options.descriptor)
    guard Tracker.Options.workerRange.contains(options.workers) else {
      throw ShoalError(
        .badOption, "\(options.workers): \(NodeOptions.range(Tracker.Options.workerRange))", option: .workers)
    }
    trackerWorkers = options.workers
    guard options.workers == 1 || options.descriptor == nil else {
      throw ShoalError(.badOption, "must be 1 with a socket that was passed", option: .workers)
    }
    guard options.workers == 1 || options.capture == nil else {
      throw ShoalError(.badOption, "must be 1 with a capture, which one thread writes", option: .workers)
    }
    guard let interval = options.interval else { return }
    let seconds = Int(clamping: interval.components.seconds)
    guard Tracker.Options.intervalRange.contains(seconds) else {
      throw ShoalError(
        .badOption, "\(seconds): \(NodeOptions.range(Tracker.Options.intervalRange)) seconds", option: .interval)
    }
    trackerInterval = Nanoseconds(seconds) * .second
  }

  /// Two of the largest pieces: with less memory, one slow peer would hold up all others.
  private static let leastMemory = 2 << Limits.pieceExponents.upperBound

  private static func range(_ range: ClosedRange<Int>) -> String {
    "must be \(range.lowerBound) to \(range.upperBound)"
  }
}
