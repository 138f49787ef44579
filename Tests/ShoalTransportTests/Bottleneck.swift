import ShoalBase
import ShoalLink
import ShoalSimulator

@testable import ShoalTransport

/// Senders that share a bottleneck on their way to one receiver, in virtual time.
struct Bottleneck {
  let world: World
  let receiver: WorldEndpoint
  private(set) var senders: [WorldEndpoint] = []

  /// The path: Mbit/s, round trip in ms, queue in bandwidth-delay products, loss in per cent each way, more keys.
  init(_ rate: Int, _ roundTrip: Int, queue: Double = 1, loss: Double = 0, more: String = "", seed: UInt64) throws {
    world = World(seed: seed)
    receiver = world.addEndpoint(link: try Bottleneck.link(rate, roundTrip, queue: queue, loss: loss, more: more))
  }

  static func link(
    _ rate: Int, _ roundTrip: Int, queue: Double, loss: Double = 0, more: String = ""
  ) throws -> LinkSpec {
    let both = "delay=\(roundTrip * 500)us" + (loss > 0 ? ",loss=\(loss)%" : "")
    let bytes = Int(Double(rate * roundTrip * 125) * queue)
    let down = "\(both),rate=\(rate)mbit,queue=\(bytes)B" + (more.isEmpty ? "" : ",\(more)")
    return LinkSpec(up: try LinkSpec(parsing: both).up, down: try LinkSpec(parsing: down).down)
  }

  /// Changes the path.
  func change(_ rate: Int, _ roundTrip: Int, queue: Double, loss: Double = 0, more: String = "") throws {
    let link = try Bottleneck.link(rate, roundTrip, queue: queue, loss: loss, more: more)
    world.network.join(receiver.address, link: link)
  }

  /// Adds a sender of this many bytes.
  @discardableResult
  mutating func send(_ bytes: Int = 2_000_000_000, _ congestion: CongestionAlgorithm = .bbr) throws -> Int {
    let sender = world.addEndpoint(.with { $0.congestion = congestion })
    for _ in 0..<20 where sender.connection == nil {
      world.connect(sender, to: receiver)
      world.run(for: 5 * .second) { sender.connection != nil }
    }
    guard let id = sender.connection else { throw Pair.NotConnected() }
    world.sendFile(bytes, from: sender, on: id)
    senders.append(sender)
    return senders.count - 1
  }

  /// The bytes of datagrams that have arrived from a sender.
  func received(_ sender: Int = 0) -> Int {
    receiver.connections.reduce(0) {
      let status = receiver.endpoint.status($1.id)
      return $0 + (status?.address == senders[sender].address ? status!.counters.bytesReceived : 0)
    }
  }

  /// The bytes that arrive from each sender within this many seconds.
  func run(seconds: Double) -> [Double] {
    let before = senders.indices.map(received)
    world.run(for: Nanoseconds(seconds * 1e9))
    return senders.indices.map { Double(received($0) - before[$0]) }
  }

  /// The first sender's connection.
  var connection: Connection { _read { yield senders[0].inside } }

  var bbr: Bbr? {
    guard case .bbr(let bbr) = connection.path.congestion.controller else { return nil }
    return bbr
  }

  /// Transfers this many bytes of a file; returns what share of the rate, less what is lost, that took from the start
  /// of the connection, and the bytes sent for each one that was needed.
  mutating func transfer(
    _ bytes: Int, rate: Int, loss: Double = 0, _ congestion: CongestionAlgorithm = .bbr
  ) throws -> (share: Double, wire: Double) {
    try send(0, congestion)
    let start = world.now
    world.sendFile(bytes, from: senders[0], on: senders[0].connection!)
    guard world.run(for: 600 * .second, until: { world.isComplete }) else { return (0, .infinity) }
    let seconds = Double(receiver.contentReceivedAt - start) / 1e9
    let block = 1_430.0
    let ceiling = Double(rate) * 125_000 * (1 - loss / 100) * block / 1_500
    let counters = senders[0].endpoint.counters
    let wire = Double(counters.bytesSent + 28 * counters.sent) * (1 - loss / 100) / (Double(bytes) / block * 1_500)
    return (Double(bytes) / seconds / ceiling, wire)
  }
}
