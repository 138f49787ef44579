import Glibc
import ShoalLink
import ShoalTerminal

/// What the command line asks for.
struct WanOptions {
  /// One end of the link.
  struct Side {
    /// The namespace to use; nil if one is to be made.
    let existing: String?
    /// Its name, if one is to be made.
    let name: String
    let addresses: [InterfaceAddress]
  }

  let spec: LinkSpec
  /// The seed: `seed=` in the link, or else a random one.
  let seed: UInt64
  let sides: [Side]
  /// Whether namespaces of the same names that nobody is using are removed first.
  let replacesNamespaces: Bool
  let device: String
  let mtu: Int
  let breaksChecksums: Bool
  let isJSON: Bool
  /// A shell command for B.
  let serve: String?
  /// The command for A; if empty, the link stays until a signal comes.
  let command: [String]

  init(_ invocation: Invocation) throws(UsageError) {
    let link = invocation["link"]
    do throws(LinkSpecError) {
      spec = try LinkSpec(parsing: link.text, reader: LinkTrace.init(path:))
    } catch {
      throw UsageError("--link \(error)")
    }
    seed = spec.seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
    let prefix = invocation["name"]
    guard WanOptions.isName(prefix.text, most: 64) else { throw prefix.error("must be letters, digits, - or _") }
    var sides: [Side] = []
    for (side, ends) in [
      ("a", ["10.77.0.1/24", "fd53:686f:616c::1/64"]), ("b", ["10.77.0.2/24", "fd53:686f:616c::2/64"]),
    ] {
      let existing = invocation.first("ns-\(side)")
      if let existing, !WanOptions.isName(existing.text, most: 250) { throw existing.error("not a namespace name") }
      var addresses = ends.compactMap { InterfaceAddress($0) }
      let given = invocation.all("address-\(side)")
      if !given.isEmpty { addresses = [] }
      for value in given {
        guard let address = InterfaceAddress(value.text) else {
          throw value.error("must be an address and the length of its prefix, as in \(ends[0])")
        }
        addresses.append(address)
      }
      sides.append(Side(existing: existing?.text, name: "\(prefix.text)-\(side)", addresses: addresses))
    }
    if let a = sides[0].existing, a == sides[1].existing {
      throw UsageError("--ns-a \(a) --ns-b \(a): the two ends need different namespaces")
    }
    self.sides = sides
    replacesNamespaces = invocation.has("replace")
    let device = invocation["device"]
    guard WanOptions.isName(device.text, most: 15) else {
      throw device.error("must be 1 to 15 letters, digits, - or _")
    }
    self.device = device.text
    mtu = try invocation["mtu"].integer(from: 576, to: 65_535, of: "bytes")
    if mtu < 1_280, sides.contains(where: { $0.addresses.contains(where: \.isIPv6) }) {
      throw invocation["mtu"].error(
        "IPv6 needs 1280 or more; give IPv4 addresses only, with --address-a and --address-b")
    }
    breaksChecksums = invocation.has("break-checksums")
    isJSON = invocation.has("json")
    serve = invocation.first("serve")?.text
    command = invocation.all("command").map(\.text)
    if serve != nil, command.isEmpty {
      throw UsageError("--serve: needs a command for the other end, after --")
    }
  }

  private static func isName(_ text: String, most: Int) -> Bool {
    (1...most).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
