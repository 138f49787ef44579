import ShoalWire

/// What a capture at one end shows of the transfer over a flow: enough to say afterwards what limited it when.
struct FlowEvidence {
  private(set) var limits: FlowLimits
  private(set) var bins = EvidenceBins()
  /// Whether it was captured where the content arrives.
  private(set) var isReceivers = false
  /// When the flow or the other direction was first seen.
  private(set) var opened: Int64?
  /// When content was first sent or, at the receiver's end, first arrived; and when new content last did.
  private(set) var firstContent: Int64?
  private(set) var lastFresh: Int64?
  /// When new content last arrived, as far as this end shows.
  private(set) var lastArrival: Int64?
  /// When the receiver last said how much of the file it has, and what it said at which time.
  private(set) var reports: [Report] = []
  /// The bytes in a piece; 0 until an OFFER has told.
  private(set) var pieceSize = 0
  /// The line's rate in bytes a second, by how far apart packets arrive that left together.
  private(set) var spacing = Spacing()
  /// When the controller's state, by its name in the sender's qlog, changed.
  var states: [(time: Int64, name: String)] = []
  /// Bytes of content that have arrived; at the sender's end, in proportion to the bytes that were acknowledged.
  private var content = 0.0
  private var sent = (content: 0.0, bytes: 1.0)
  /// Whether everything sent has been acknowledged.
  private var isSettled = false
  private var delay = DelayGrowth(), backDelay = DelayGrowth()

  /// What the receiver has of the file, and how much had arrived when it said so.
  struct Report {
    var time: Int64
    var verified: UInt64
    var arrived: Double
  }

  /// The most reports that are kept.
  private static let mostReports = 1 << 16

  /// Evidence of a flow about whose sender a qlog says `control`.
  init(_ control: SenderControl? = nil) { limits = FlowLimits(control) }

  /// Notes that the connection is being made.
  mutating func open(at time: Int64) { if opened == nil { opened = time } }

  /// Takes a DATA packet of the flow; `roundTrip` is the least from this end to the other and back, in microseconds.
  mutating func send(
    _ packet: DataPacket, _ carried: CarriedMessages, _ length: Int, _ seen: Observation, isReceivers: Bool,
    roundTrip: Int64?, at time: Int64
  ) {
    self.isReceivers = isReceivers
    limits.lag = isReceivers ? roundTrip ?? 0 : 0
    limits.send(carried.blocks, length, seen, isReceivers: isReceivers, at: time)
    if pieceSize == 0, let exponent = carried.pieceExponent, exponent < 40 { pieceSize = 1 << Int(exponent) }
    // The manifest comes before the file can be requested, so fetching it is part of the start.
    let bytes = carried.blocks.reduce(0) { sum, block in
      block.space == ContentSpace.content.rawValue ? sum + block.content.count : sum
    }
    let isFresh = seen.isFresh && bytes > 0
    if bytes > 0, firstContent == nil { firstContent = time }
    if isFresh {
      (lastFresh, isSettled) = (time, false)
      sent = (sent.content + Double(bytes), sent.bytes + Double(length))
    }
    let isLost = seen.isFoundLost(isReceivers: isReceivers)
    let growth = isReceivers ? delay.add(packet.timestamp, at: time) : nil
    if isReceivers {
      if isFresh {
        content += Double(bytes)
        lastArrival = time
      }
      if let sequence = seen.sequence { spacing.add(sequence, length, sent: packet.timestamp, at: time) }
    }
    bins.change(at: time) { bin in
      if isReceivers {
        bin.arrived += Int64(length)
        bin.packets &+= 1
        bin.heard &+= 1
        bin.delay = least(bin.delay, growth)
      } else {
        bin.sent += Int64(length)
      }
      if isFresh { bin.fresh += Int64(bytes) }
      if isLost { bin.lost &+= 1 }
      if packet.ackEvery == 0 { bin.isThinned = true }
    }
  }

  /// Takes a DATA packet of the other direction.
  mutating func hear(
    _ packet: DataPacket, _ carried: CarriedMessages, _ seen: Observation, isReceivers: Bool, at time: Int64
  ) {
    limits.hear()
    let growth = isReceivers ? nil : backDelay.add(packet.timestamp, at: time)
    bins.change(at: time) { bin in
      if !isReceivers { bin.heard &+= 1 }
      bin.backDelay = least(bin.backDelay, growth)
      if seen.isFoundLost(isReceivers: !isReceivers) { bin.backLost &+= 1 }
    }
    guard seen.isFresh else { return }
    for request in carried.requests { limits.ask(request, at: time) }
    for cancel in carried.cancels { limits.cancel(cancel, at: time) }
    guard let verified = carried.progress, reports.count < Self.mostReports else { return }
    reports.append(Report(time: time, verified: verified, arrived: content))
  }

  /// Takes a round trip of what the receiver sends, in nanoseconds, captured at its end.
  mutating func hear(roundTrip: UInt64, at time: Int64) {
    bins.change(at: time) { $0.backDelay = least($0.backDelay, Int32(clamping: roundTrip / 1_000)) }
  }

  /// Takes an ACK that concerns the flow.
  mutating func acknowledge(_ seen: Observation, isReceivers: Bool, at time: Int64) {
    limits.hear()
    limits.acknowledge(seen, isReceivers: isReceivers, at: time)
    guard !isReceivers else { return }
    let trip = seen.roundTrip.map { Int32(clamping: $0 / 1_000) }
    content = min(content + Double(seen.acknowledgedBytes) * sent.content / sent.bytes, sent.content)
    if seen.acknowledgedPackets > 0, !isSettled { lastArrival = time }
    if seen.inFlight == 0 { isSettled = true }
    let growth = seen.left.map { backDelay.add($0, at: time) }
    bins.change(at: time) { bin in
      bin.heard &+= 1
      bin.arrived += Int64(seen.acknowledgedBytes)
      bin.packets &+= Int32(clamping: seen.acknowledgedPackets)
      bin.delay = least(bin.delay, trip)
      bin.backDelay = least(bin.backDelay, growth)
    }
  }
}

extension Observation {
  /// Whether it is a packet that was lost before, as far as this end can tell.
  fileprivate func isFoundLost(isReceivers: Bool) -> Bool {
    isReceivers ? isMissed : !marks.intersection(.losses).isEmpty || startsTimeout
  }
}

/// By how much packets take longer than the fastest, by timestamps of another clock.
struct DelayGrowth {
  private var first: UInt32?

  /// The delay in microseconds, plus a number that is the same for all.
  mutating func add(_ timestamp: UInt32, at time: Int64) -> Int32 {
    let difference = UInt32(truncatingIfNeeded: time) &- timestamp
    if first == nil { first = difference }
    return Int32(bitPattern: difference &- (first ?? 0))
  }
}
