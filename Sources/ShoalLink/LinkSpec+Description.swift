extension LinkSpec: CustomStringConvertible {
  /// The canonical text: keys in a fixed order, defaults left out, `UP/DOWN` only where the two differ.
  ///
  /// Parsing it gives an equal link if shares are whole multiples of 10^-9, bursts of 10^-3, all values are in range,
  /// and both directions have the same outage, since the text has only that of `up`.
  public var description: String {
    let items = LinkKey.allCases.compactMap { key in value(of: key).map { "\(key.rawValue)=\($0)" } }
    return items.isEmpty ? "clean" : items.joined(separator: ",")
  }

  /// The text of `key`'s value; nil if it is the default and no other key needs it.
  private func value(of key: LinkKey) -> String? {
    switch key {
    case .outage: return up.outage.map { "\(Dimension.time.format($0.up))/\(Dimension.time.format($0.down))" }
    case .seed: return seed.map { String($0) }
    case .trace:
      guard let first = up.trace?.name ?? down.trace?.name else { return nil }
      return up.trace == down.trace ? first : "\(up.trace?.name ?? "none"):\(down.trace?.name ?? "none")"
    default: break
    }
    let (first, second) = (LinkSpec.text(of: key, in: up), LinkSpec.text(of: key, in: down))
    if first != second { return "\(first)/\(second)" }
    return first == LinkSpec.text(of: key, in: .clean) && !isNeeded(key) ? nil : first
  }

  /// Whether another key is set that requires `key`.
  private func isNeeded(_ key: LinkKey) -> Bool {
    switch key {
    case .loss: up.burst != nil || down.burst != nil
    case .rate: (up.queue != nil || down.queue != nil) && up.trace == nil && down.trace == nil
    default: false
    }
  }

  private static func text(of key: LinkKey, in parameters: LinkParameters) -> String {
    let value: Int64? =
      switch key {
      case .loss: Dimension.share.baseUnits(parameters.loss)
      case .corrupt: Dimension.share.baseUnits(parameters.corrupt)
      case .reorder: Dimension.share.baseUnits(parameters.reorder)
      case .duplicate: Dimension.share.baseUnits(parameters.duplicate)
      case .delay: parameters.delay
      case .jitter: parameters.jitter
      case .rate: parameters.rate
      case .queue: parameters.queue.map { Int64($0) }
      case .burst: parameters.burst.map { Dimension.factor.baseUnits($0) }
      case .mtu: parameters.mtu.map { Int64($0) }
      case .outage, .seed, .trace: nil
      }
    return value.map { key.dimension.format($0) } ?? key.absent ?? ""
  }
}
