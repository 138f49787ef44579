import Glibc
import ShoalLink

/// A relay on its way to its thread; from then on only that thread uses it.
private final class Handover: @unchecked Sendable {
  private var relay: Relay

  init(_ relay: consuming Relay) { self.relay = relay }

  func run(_ control: RelayControl) { relay.run(control) }
}

/// The link as a whole: two devices, and a relay for each direction between them.
final class WanLink {
  private let devices: [TunDevice]
  private let controls: [RelayControl]

  /// Starts carrying packets between `devices`, the first of which is A.
  init(_ devices: [TunDevice], spec: LinkSpec, seed: UInt64, mtu: Int, breaksChecksums: Bool) throws(Failure) {
    self.devices = devices
    let start = MonotonicClock.now()
    let links = [
      spec.makeUpLink(defaultSeed: seed, start: start), spec.makeDownLink(defaultSeed: seed, start: start),
    ]
    var controls: [RelayControl] = []
    for (index, link) in links.enumerated() {
      let (input, output) = (devices[index].descriptor, devices[1 - index].descriptor)
      let control = try RelayControl()
      let relay = Handover(
        try Relay(from: input, to: output, link: link, mtu: mtu, breaksChecksums: breaksChecksums))
      try RelayThread.start("wan-\(index == 0 ? "up" : "down")") { relay.run(control) }
      controls.append(control)
    }
    self.controls = controls
  }

  /// What has happened so far, from A to B and back; nothing more happens if it `isOver`.
  func counters(isOver: Bool) -> [RelayCounters] {
    zip(controls, devices).map { control, device in
      var counters = control.counters(isOver: isOver)
      counters.ringDropped = device.ringDrops()
      return counters
    }
  }
}
