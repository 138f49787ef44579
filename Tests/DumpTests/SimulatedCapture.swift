import Shoal
import ShoalBase
import ShoalSimulator
import TestSupport

/// What `shoal simulate` records of a run at one end: the same code, in virtual time.
final class SimulatedCapture {
  private let scratch: Scratch
  private var capture: CaptureFile
  private let qlog: QlogFile

  init(_ place: WorldWatch.Place) throws {
    scratch = try Scratch()
    capture = try CaptureFile(scratch.at("a.pcapng"), replacing: false)
    qlog = try QlogFile(scratch.at("a.qlog"), place.address, replacing: false)
    watch = WorldWatch(place, onDatagram: { _, _, _ in }, afterTurn: { _, _ in })
    watch.onDatagram = { [unowned self] datagram, isOutbound, time in
      capture.add(
        datagram.bytes.span, from: datagram.from, to: datagram.to, outbound: isOutbound, wall: Self.epoch + time)
    }
    watch.afterTurn = { [unowned self] host, time in
      guard qlog.isDue(at: Instant(nanoseconds: time)) else { return }
      let (statuses, losses) = host.takeState()
      qlog.note(statuses, losses: losses, wall: Self.epoch + time)
    }
  }

  /// When the run began, in nanoseconds since 1970.
  static let epoch = 1_767_225_600 * Nanoseconds.second

  /// What records.
  private(set) var watch: WorldWatch

  /// The files' paths, which last as long as this object.
  func finish() -> (capture: String, qlog: String) {
    capture.flush()
    qlog.flush()
    return (scratch.at("a.pcapng"), scratch.at("a.qlog"))
  }
}
