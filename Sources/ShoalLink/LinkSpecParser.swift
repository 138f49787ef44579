import ShoalBase

/// Parses the text form of a ``LinkSpec``.
struct LinkSpecParser {
  private var up = LinkParameters()
  private var down = LinkParameters()
  private var seed: UInt64?
  private let reader: LinkSpec.TraceReader?
  private var items: [LinkKey: String] = [:]
  /// Queues given in bandwidth-delay products, in thousandths: their sizes in bytes are known once all items are
  /// parsed.
  private var products: Pair = (nil, nil)

  /// A value for each direction, in base units; nil if there is none.
  private typealias Pair = (up: Int64?, down: Int64?)

  init(reader: LinkSpec.TraceReader?) { self.reader = reader }

  mutating func parse(_ text: String) throws(LinkSpecError) -> LinkSpec {
    let text = text.trimmingSpaces
    if text == "clean" { return .clean }
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let item = item.trimmingSpaces
      do throws(LinkSpecError.Problem) {
        if item.isEmpty { throw LinkSpecError.Problem.empty }
        if item.contains(where: LinkSpecParser.isBlank) {
          throw LinkSpecError.Problem.blanks(suggestion: LinkSpecParser.joined(item))
        }
        try parse(item: item)
      } catch {
        throw LinkSpecError(item: String(item.isEmpty ? text : item), problem: error)
      }
    }
    if items[.trace] == nil { try require(.rate, for: .queue) }
    try resolveQueues()
    try require(.loss, for: .burst)
    try checkBurst(up)
    try checkBurst(down)
    return LinkSpec(up: up, down: down, seed: seed)
  }

  private static func isBlank(_ character: Character) -> Bool {
    character == " " || character == "\t" || character == ";"
  }

  /// The text without its spaces: `loss = 5 %; delay=10ms` becomes `loss=5%,delay=10ms`.
  private static func joined(_ item: Substring) -> String {
    item.split(whereSeparator: isBlank).reduce(into: "") { whole, part in
      let isAnother = part.contains("=") && part.first != "=" && !whole.isEmpty
      whole += (isAnother ? "," : "") + part
    }
  }

  private mutating func parse(item: Substring) throws(LinkSpecError.Problem) {
    let word = item.prefix { $0 != "=" }
    guard let key = LinkKey(rawValue: String(word)) else {
      throw .unknownKey(suggestion: LinkKey.nearest(to: word)?.rawValue)
    }
    guard word.endIndex < item.endIndex else { throw .noValue }
    guard items.updateValue(String(item), forKey: key) == nil else { throw .duplicateKey }
    if key == .rate, items[.trace] != nil { throw .trace("a trace takes the place of rate; leave one of them out") }
    let values = item[word.endIndex...].dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    switch key {
    case .outage: try setOutage(values)
    case .seed: try setSeed(values)
    case .queue: try setQueue(values)
    case .trace: try setTrace(item[word.endIndex...].dropFirst())
    default:
      let pair = try pair(key, values)
      LinkSpecParser.assign(key, pair.up, to: &up)
      LinkSpecParser.assign(key, pair.down, to: &down)
    }
  }

  private mutating func setOutage(_ values: [Substring]) throws(LinkSpecError.Problem) {
    guard values.count == 2, let first = try value(.outage, values[0]), let second = try value(.outage, values[1])
    else { throw .notUpAndDown }
    up.outage = Outage(up: first, down: second)
    down.outage = up.outage
  }

  private mutating func setQueue(_ values: [Substring]) throws(LinkSpecError.Problem) {
    guard values.count <= 2 else { throw .tooManyValues }
    (up.queue, products.up) = try queue(values[0])
    (down.queue, products.down) = values.count == 2 ? try queue(values[1]) : (up.queue, products.up)
  }

  private func queue(_ text: Substring) throws(LinkSpecError.Problem) -> (bytes: Int?, products: Int64?) {
    guard text.hasSuffix("bdp") else { return (try value(.queue, text).map { Int($0) }, nil) }
    guard let products = try Dimension.factor.parse(text.dropLast(3)), products <= 1_000_000 else {
      throw .outOfRange(lowest: "0bdp", highest: "1000bdp")
    }
    return (nil, products)
  }

  /// Turns queues given in products of rate and round trip into bytes, at most as many as a queue may have.
  private mutating func resolveQueues() throws(LinkSpecError) {
    guard products.up != nil || products.down != nil else { return }
    try require(.delay, for: .queue)
    let roundTrip = up.delay + down.delay
    func bytes(_ products: Int64, _ rate: Int64) -> Int {
      Int(
        min(
          Int128(products) * Int128(rate) * Int128(roundTrip) / 8_000_000_000_000,
          Int128(LinkKey.queue.range.upperBound)))
    }
    if let products = products.up, let rate = up.trace?.rate ?? up.rate { up.queue = bytes(products, rate) }
    if let products = products.down, let rate = down.trace?.rate ?? down.rate { down.queue = bytes(products, rate) }
  }

  private mutating func setTrace(_ text: Substring) throws(LinkSpecError.Problem) {
    guard let reader else { throw .trace("a trace can only be named on a command line") }
    guard items[.rate] == nil else { throw .trace("a trace takes the place of rate; leave one of them out") }
    // A path may contain slashes, which part the values of other keys.
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { throw .trace("write trace=FILE or trace=UP:DOWN") }
    up.trace = parts[0] == "none" ? nil : try reader(String(parts[0]))
    down.trace = parts.count == 1 ? up.trace : parts[1] == "none" ? nil : try reader(String(parts[1]))
  }

  private mutating func setSeed(_ values: [Substring]) throws(LinkSpecError.Problem) {
    guard values.count == 1 else { throw .tooManyValues }
    guard !values[0].isEmpty, values[0].allSatisfy({ ("0"..."9").contains($0) }) else {
      throw .notANumber(String(values[0]))
    }
    guard let number = UInt64(values[0]) else { throw .outOfRange(lowest: "0", highest: String(UInt64.max)) }
    seed = number
  }

  private static func assign(_ key: LinkKey, _ value: Int64?, to parameters: inout LinkParameters) {
    let share = Dimension.share.number(value ?? 0)
    switch key {
    case .loss: parameters.loss = share
    case .corrupt: parameters.corrupt = share
    case .reorder: parameters.reorder = share
    case .duplicate: parameters.duplicate = share
    case .delay: parameters.delay = value ?? 0
    case .jitter: parameters.jitter = value ?? 0
    case .rate: parameters.rate = value
    case .burst: parameters.burst = value.map { Dimension.factor.number($0) }
    case .mtu: parameters.mtu = value.map { Int($0) }
    case .outage, .queue, .seed, .trace: break
    }
  }

  private func pair(_ key: LinkKey, _ values: [Substring]) throws(LinkSpecError.Problem) -> Pair {
    guard values.count <= 2 else { throw .tooManyValues }
    let first = try value(key, values[0])
    if key == .rate, let first, values.count == 2, ["s", "sec", "second"].contains(values[1]) {
      throw .perSecond(rate: key.dimension.format(first))
    }
    return (first, values.count == 2 ? try value(key, values[1]) : first)
  }

  private func value(_ key: LinkKey, _ text: Substring) throws(LinkSpecError.Problem) -> Int64? {
    if let absent = key.absent, text == absent { return nil }
    guard let value = try key.dimension.parse(text), key.range.contains(value) else {
      throw .outOfRange(
        lowest: key.dimension.format(key.range.lowerBound), highest: key.dimension.format(key.range.upperBound))
    }
    return value
  }

  private func require(_ other: LinkKey, for key: LinkKey) throws(LinkSpecError) {
    guard let item = items[key], items[other] == nil else { return }
    throw LinkSpecError(item: item, problem: .needs(other.rawValue))
  }

  /// At least one datagram passes between two runs, so to lose a share p takes runs of at least p / (1 - p) on average.
  private func checkBurst(_ parameters: LinkParameters) throws(LinkSpecError) {
    guard let burst = parameters.burst, parameters.loss < 1, let item = items[.burst] else { return }
    let lost = Dimension.share.baseUnits(parameters.loss)
    let kept = 1_000_000_000 - lost
    let shortest = (lost * 1_000 + kept - 1) / kept
    guard Dimension.factor.baseUnits(burst) < shortest else { return }
    throw LinkSpecError(item: item, problem: .burstTooShort(shortest: Dimension.factor.format(shortest)))
  }
}

extension StringProtocol where SubSequence == Substring {
  fileprivate var trimmingSpaces: Substring {
    var rest = self[...]
    while rest.first == " " { rest.removeFirst() }
    while rest.last == " " { rest.removeLast() }
    return rest
  }
}
