import ShoalBase
import ShoalTransport
import ShoalWire

/// A record of the transport's decisions, which no capture shows: a qlog (draft-ietf-quic-qlog-main-schema), as JSON
/// text sequences (RFC 7464).
///
/// The transport knows nothing of it: the endpoint's owner passes in the state of the connections, and what has changed
/// since the last time is written.
package final class QlogFile {
  /// The shortest time between two samples: bounds the size to some 200 kB per second and connection.
  private static let interval = Nanoseconds.millisecond
  /// The bytes that are buffered before they are written.
  private static let buffer = 64 << 10
  /// The most connections that are recorded.
  private static let most = 1 << 12

  private let file: File
  private var text: [UInt8] = []
  private var written = 0
  private var due = Instant.zero
  private var last: [UInt64: ConnectionStatus] = [:]
  /// Why nothing more is written.
  package private(set) var failure: SystemError?

  /// Begins a qlog of the endpoint at `address`; an existing file is an error unless it may be replaced.
  package init(_ path: String, _ address: Address, replacing: Bool) throws(SystemError) {
    file = try File.create(path, existing: replacing ? .empty : .refuseContent)
    record(
      #"{"file_schema":"urn:ietf:params:qlog:file:sequential","serialization_format":"application/qlog+json-seq","#
        + #""qlog_version":"0.3","qlog_format":"JSON-SEQ","title":"shoal \#(shoalVersion)","#
        + #""trace":{"vantage_point":{"name":"\#(address)","type":"unknown"},"#
        + #""event_schemas":["urn:ietf:params:qlog:events:quic","urn:shoal:qlog:events"],"#
        + #""common_fields":{"time_format":"relative_to_epoch","#
        + #""reference_time":{"clock_type":"system","epoch":"1970-01-01T00:00:00.000Z"}}}}"#)
  }

  /// Whether it is time for another sample of the connections.
  package func isDue(at now: Instant) -> Bool {
    guard failure == nil, now >= due else { return false }
    due = now + Self.interval
    return true
  }

  /// Writes what has changed since the last sample of the connections, and the losses found on each in the meantime;
  /// `wall` is in nanoseconds since 1970.
  package func note(_ connections: [ConnectionStatus], losses: [[LossVerdict]], wall: Nanoseconds) {
    for (status, losses) in zip(connections, losses) where status.remoteID != 0 {
      let before = last[status.remoteID]
      guard before != nil || last.count < Self.most else { continue }
      last[status.remoteID] = status
      let event = Event(group: status.remoteID, wall: wall)
      let metrics = Self.metrics(before, status)
      if !metrics.isEmpty { record(event.text("recovery:metrics_updated", metrics)) }
      if before?.state != status.state {
        let old = before.map { #""old":"\#($0.state)","# } ?? ""
        record(event.text("recovery:congestion_state_updated", #"\#(old)"new":"\#(status.state)""#))
      }
      for loss in losses {
        record(
          event.text(
            "recovery:packet_lost",
            #""header":{"packet_type":"1RTT","packet_number":\#(Self.number(loss))},"sequence":\#(loss.sequence),"#
              + #""attempt":\#(loss.attempt),"trigger":"\#(loss.trigger.rawValue)""#))
      }
      noteLosses(before?.counters ?? TransportCounters(), status.counters, event)
      noteTimer(before, status, event)
    }
  }

  /// A number for each transmission, as qlog tools expect: the sequence number with the attempt in the bits above it,
  /// as in the inspector.
  private static func number(_ loss: LossVerdict) -> UInt64 {
    UInt64(min(loss.attempt, UInt32(UInt8.max))) << 32 | UInt64(loss.sequence)
  }

  /// Writes events of the probe timer, as far as the samples show them: it runs while anything is in flight.
  private func noteTimer(_ before: ConnectionStatus?, _ now: ConnectionStatus, _ event: Event) {
    func updated(_ type: String, _ rest: String = "") {
      record(event.text("recovery:loss_timer_updated", #""timer_type":"pto","event_type":"\#(type)"\#(rest)"#))
    }
    let hasExpired = now.probeTimeouts > before?.probeTimeouts ?? 0
    let (ran, runs) = (before?.bytesInFlight ?? 0 > 0, now.bytesInFlight > 0)
    if hasExpired { updated("expired") }
    if runs, hasExpired || !ran { updated("set", #","delta":\#(Self.milliseconds(now.probeTimeout))"#) }
    if ran, !runs { updated("cancelled") }
  }

  private func noteLosses(_ before: TransportCounters, _ now: TransportCounters, _ event: Event) {
    if now.spurious > before.spurious {
      record(
        event.text("shoal:losses_undone", #""packets":\#(now.spurious - before.spurious),"total":\#(now.spurious)"#))
    }
    if now.corrupt > before.corrupt {
      record(event.text("shoal:corrupt", #""datagrams":\#(now.corrupt - before.corrupt),"total":\#(now.corrupt)"#))
    }
  }

  /// The changed members, in the units of qlog: bytes, milliseconds and, for the pacing rate, bits per second.
  private static func metrics(_ before: ConnectionStatus?, _ now: ConnectionStatus) -> String {
    var members: [String] = []
    if now.congestionWindow != before?.congestionWindow, now.congestionWindow < .max {
      members.append(#""congestion_window":\#(now.congestionWindow)"#)
    }
    if now.bytesInFlight != before?.bytesInFlight { members.append(#""bytes_in_flight":\#(now.bytesInFlight)"#) }
    if now.probeTimeouts != before?.probeTimeouts ?? 0 { members.append(#""pto_count":\#(now.probeTimeouts)"#) }
    if let roundTrip = now.roundTrip, roundTrip != before?.roundTrip {
      members.append(#""smoothed_rtt":\#(milliseconds(roundTrip))"#)
    }
    if now.pacingRate != before?.pacingRate, now.pacingRate.isFinite, now.pacingRate < 1e15 {
      members.append(#""pacing_rate":\#(Int(now.pacingRate * 8))"#)
    }
    return members.joined(separator: ",")
  }

  /// Writes the buffered events.
  package func flush() {
    guard failure == nil, !text.isEmpty else { return }
    do throws(SystemError) { try file.write(text.span, at: written) } catch { failure = error }
    written += text.count
    text.removeAll(keepingCapacity: true)
  }

  private func record(_ line: String) {
    text.append(0x1e)
    text += line.utf8
    text.append(UInt8(ascii: "\n"))
    if text.count >= Self.buffer { flush() }
  }

  /// The time in milliseconds, down to the microsecond.
  fileprivate static func milliseconds(_ time: Nanoseconds) -> String {
    let microseconds = time / 1_000
    let rest = String(microseconds % 1_000)
    return "\(microseconds / 1_000).\(String(repeating: "0", count: 3 - rest.utf8.count))\(rest)"
  }
}

/// What the events of one sample have in common.
private struct Event {
  var group: UInt64
  var wall: Nanoseconds

  /// The text of an event. It names the connection as the headers of sent packets do.
  func text(_ name: String, _ data: String) -> String {
    let digits = String(group, radix: 16)
    let id = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    return #"{"time":\#(QlogFile.milliseconds(wall)),"name":"\#(name)","group_id":"\#(id)","data":{\#(data)}}"#
  }
}
