import ShoalSwarm

extension Peer {
  /// Limits on a peer's rates and connections; nil means no limit. `setLimits(_:)` changes them while the peer runs.
  public struct Limits: Sendable, Hashable {
    /// The most bytes of files per second sent to all peers together, including retransmissions; 1,000 or more.
    public var maxUpload: Int?
    /// The most bytes of files per second requested from all peers together; 1,000 or more. As whole pieces are
    /// requested, the limit holds on average over some seconds.
    public var maxDownload: Int?
    /// The most connections at a time; 1 or more. A lower limit closes no open connection.
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

  /// The limits now in force.
  public var limits: Limits {
    get async {
      let limits = await node.ask { $0.swarm.limits } ?? SwarmLimits()
      return Limits(maxUpload: limits.upload, maxDownload: limits.download, maxPeers: limits.peers)
    }
  }

  /// Changes the limits from now on. Throws `badOption` if one of them is too low.
  public func setLimits(_ limits: Limits) async throws(ShoalError) {
    let checked = try limits.checked()
    await node.ask { $0.swarm.setLimits(checked, at: SystemClock.now()) }
  }
}
