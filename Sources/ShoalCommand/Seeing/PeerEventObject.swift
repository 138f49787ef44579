import Shoal
import ShoalTerminal

extension PeerEvent {
  /// The object of `--json` for an event, if it has one.
  var object: JSON? {
    switch self {
    case .connected(let address, _): ["event": "connected", "address": .string("\(address)")]
    case .disconnected(let address, let reason, let byPeer):
      [
        "event": "disconnected", "address": .string("\(address)"), "code": .string("\(reason.kind)"),
        "reason": .string(reason.message ?? ""), "by_peer": .bool(byPeer),
      ]
    case .left(let address, let id, _, let bytes):
      ["event": "left", "address": .string("\(address)"), "id": .string(id.hex), "bytes": .uint(bytes)]
    case .served(let address, let id, _, let bytes):
      ["event": "served", "address": .string("\(address)"), "id": .string(id.hex), "bytes": .uint(bytes)]
    case .refused(let address, let id):
      ["event": "refused", "address": .string("\(address)"), "id": .string(id.hex)]
    case .registered(let tracker, let id):
      ["event": "registered", "tracker": .string("\(tracker)"), "id": .string(id.hex)]
    case .omitted(let count): ["event": "omitted", "events": .int(count)]
    default: nil
    }
  }
}
