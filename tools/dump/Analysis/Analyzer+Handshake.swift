import ShoalContent
import ShoalWire

extension Analyzer {
  /// Observes handshakes, probes and ends.
  mutating func observe(_ type: PacketType, _ datagram: Datagram, _ seen: inout Observation) {
    switch type {
    case .open: observeOpen(datagram, &seen)
    case .reset:
      // It carries the id of what it answers, so it travels against that flow.
      guard let index = places.find(datagram.connection), let reverse = flows[index].reverse else { return }
      seen.flow = reverse
      touch(reverse, datagram)
    default:
      let source = datagram.source
      guard let index = flow(datagram.connection, from: source, to: datagram.destination, &seen) else { return }
      seen.flow = index
      touch(index, datagram)
      countUnproven(datagram, index, &seen)
      switch type {
      case .accept: observeAccept(datagram, index, &seen)
      case .version, .retry: requests.reply(datagram, &seen)
      case .probed: observeProbed(datagram, index, &seen)
      default: prove(index)
      }
    }
  }

  private mutating func observeOpen(_ datagram: Datagram, _ seen: inout Observation) {
    requests.request(datagram, &seen)
    guard let packet = try? OpenPacket.decode(datagram.bytes.span) else { return }
    let (opener, responder) = (datagram.source, datagram.destination)
    guard let index = flow(datagram.connection, from: responder, to: opener, &seen) else { return }
    seen.flow = flows[index].reverse
    if flows[index].accepted == nil { flows[index].opened = datagram.time }
    if let own = seen.flow { touch(own, datagram) }
    guard flows[index].reverse == nil || flows[index].unproven != nil else { return }
    flows[index].isFromOpener = false
    flows[index].wish = packet
    flows[index].earlyWants = []
    try? datagram.earlyMessages { (bytes, part) throws(WireError) in
      if part.type == .want { flows[index].earlyWants.append(try Want.decode(bytes, part.body)) }
    }
    flows[index].unproven = ((flows[index].unproven?.received ?? 0) + datagram.length, flows[index].unproven?.sent ?? 0)
  }

  /// Counts what goes to an opener that has not proven its address; marks what leaves no room for another of its size.
  mutating func countUnproven(_ datagram: Datagram, _ index: Int, _ seen: inout Observation) {
    guard var unproven = flows[index].unproven else { return }
    unproven.sent += datagram.length
    flows[index].unproven = unproven
    if unproven.sent + datagram.length > Limits.amplification * unproven.received {
      seen.marks.insert(.amplificationLimit)
    }
  }

  private mutating func observeAccept(_ datagram: Datagram, _ index: Int, _ seen: inout Observation) {
    requests.reply(datagram, &seen)
    guard let packet = try? AcceptPacket.decode(datagram.bytes.span) else { return }
    defer { noteResponder(datagram, index) }
    if let wish = flows[index].wish, packet.window < wish.window { seen.marks.insert(.windowLowered) }
    guard flows[index].reverse == nil else { return }
    var ignored = Observation()
    let (responder, opener) = (datagram.source, datagram.destination)
    guard let other = flow(packet.responder, from: opener, to: responder, &ignored), other != index else { return }
    link(index, other)
    for place in [index, other] {
      flows[place].window = packet.window
      flows[place].arq = RepeatMode(rawValue: packet.arq)
      places.remove(place, from: flows[place].source, to: flows[place].destination)
    }
    flows[index].isFromOpener = false
    flows[other].isFromOpener = true
    start(index, packet.initialSequence)
    if let wish = flows[index].wish { start(other, wish.initialSequence) }
    guard packet.note?.early == 1 else { return }
    for want in flows[index].earlyWants { files.note(want, FileTable.Key(flow: index, file: want.file)) }
  }

  /// Notes that the time from OPEN to ACCEPT is that to the responder and back; what follows shows that to the opener.
  private mutating func noteResponder(_ datagram: Datagram, _ index: Int) {
    guard let time = datagram.time, let other = flows[index].reverse else { return }
    if let opened = flows[index].opened, time >= opened { noteLeg(time - opened, of: other) }
    (flows[index].opened, flows[index].accepted) = (nil, time)
  }

  /// Notes that what the opener sends first answers ACCEPT.
  mutating func noteOpener(_ datagram: Datagram, _ index: Int) {
    guard let reverse = flows[index].reverse, let accepted = flows[reverse].accepted else { return }
    flows[reverse].accepted = nil
    if let time = datagram.time, time >= accepted { noteLeg(time - accepted, of: reverse) }
  }

  private mutating func start(_ index: Int, _ sequence: UInt32) {
    flows[index].initialSequence = sequence
    flows[index].sent.start(at: sequence)
  }

  /// Notes that the opener receives what is sent to it, as anything sent to the responder's id shows.
  mutating func prove(_ index: Int) {
    guard flows[index].isFromOpener == true, let reverse = flows[index].reverse else { return }
    if flows[reverse].unproven != nil { flows[reverse].unproven = nil }
  }

  private mutating func observeProbed(_ datagram: Datagram, _ index: Int, _ seen: inout Observation) {
    prove(index)
    guard let packet = try? ProbedPacket.decode(datagram.bytes.span), let prober = flows[index].reverse else { return }
    guard Int(packet.size) > flows[prober].pathMTU else { return }
    flows[prober].pathMTU = Int(packet.size)
    seen.pathMTU = Int(packet.size)
    seen.subject = prober
    seen.marks.insert(.pathMTU)
  }
}
