import Glibc
import ShoalLink
import ShoalSimulator
import ShoalWire
import Testing

@testable import ShoalTransport

/// Prints the datagrams of one scenario: SHOAL_TRACE=seed.
@Test(.enabled(if: getenv("SHOAL_TRACE") != nil)) func trace() {
  let seed = UInt64(String(cString: getenv("SHOAL_TRACE")))!
  print(
    Scenario(seed: seed).run { world in
      world.network.onSend = { datagram, now in
        var text = "\(now.nanoseconds / 1000) \(datagram.from.host) #\(datagram.bytes.count) "
        let layout = DatagramLayout(datagram.bytes.span.bytes)
        text += "\(layout.type.map { "\($0)" } ?? "?")"
        for row in layout.rows.dropFirst(5) where row.depth == 0 {
          var value = "\(row.value)"
          if case .number(let n, _) = row.value { value = "\(n)" }
          text += " \(row.name)=\(value)"
        }
        print(text)
        return true
      }
    } ?? "done")
}
