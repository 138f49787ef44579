import ShoalLink
import ShoalSimulator
import ShoalWire
import TestSupport
import Testing

@testable import ShoalTransport

/// Runs one scenario with its datagrams laid out; SHOAL_TRACE=seed prints those of that seed.
@Test func trace() {
  let wanted = environmentNumber("SHOAL_TRACE", as: UInt64.self)
  #expect(
    Scenario(seed: wanted ?? 1).run { world in
      world.network.onSend = { datagram, now in
        var text = "\(now.nanoseconds / 1000) \(datagram.from.host) #\(datagram.bytes.count) "
        let layout = DatagramLayout(datagram.bytes.span)
        text += "\(layout.type.map { "\($0)" } ?? "?")"
        for row in layout.rows.dropFirst(5) where row.depth == 0 {
          var value = "\(row.value)"
          if case .number(let n, _) = row.value { value = "\(n)" }
          text += " \(row.name)=\(value)"
        }
        if wanted != nil { print(text) }
        return true
      }
    } == nil)
}
