import ShoalSwarm

extension Peer {
  /// The most that a peer takes of its machine's links and sees of others; nil is no limit. They can be changed while it
  /// runs: `setLimits(_:)`.
  public struct Limits: Sendable, Hashable {
    /// Bytes of files per second that are sent to all peers together, retransmissions included; 1,000 or more.
    public var maxUpload: Int?
    /// Bytes of files per second that are requested from all peers together; 1,000 or more. As requests are for whole
    /// pieces, it holds on average over some seconds.
    public var maxDownload: Int?
    /// Connections at a time; 1 or more. A lower limit ends none that is open.
    public var maxPeers: Int?

    /// Limits, or none.
    public init(maxUpload: Int? = nil, maxDownload: Int? = nil, maxPeers: Int? = nil) {
      (self.maxUpload, self.maxDownload, self.maxPeers) = (maxUpload, maxDownload, maxPeers)
    }

    func checked() throws(ShoalError) -> SwarmLimits {
      let rates: [(Int?, ShoalError.Option)] = [(maxUpload, .maxUpload), (maxDownload, .maxDownload)]
      for case (let rate?, let option) in rates where rate < SwarmLimits.leastRate {
        let least = "must be \(SwarmLimits.leastRate) bytes per second or more"
        throw ShoalError(.badOption, "\(rate): \(least)", option: option)
      }
      if let maxPeers, maxPeers < 1 {
        throw ShoalError(.badOption, "\(maxPeers): must be 1 peer or more", option: .maxPeers)
      }
      var limits = SwarmLimits()
      (limits.upload, limits.download, limits.peers) = (maxUpload, maxDownload, maxPeers)
      return limits
    }
  }

  /// The limits that hold now.
  public var limits: Limits {
    get async {
      let limits = await node.ask { $0.swarm.limits } ?? SwarmLimits()
      return Limits(maxUpload: limits.upload, maxDownload: limits.download, maxPeers: limits.peers)
    }
  }

  /// Has other limits hold from now on. Throws `badOption` if one of them is too low.
  public func setLimits(_ limits: Limits) async throws(ShoalError) {
    let checked = try limits.checked()
    await node.ask { $0.swarm.setLimits(checked, at: SystemClock.now()) }
  }
}
