/// The name of the mark that a word means: printed lines use other words for marks than filters do.
func markMeant(by word: String) -> String? {
  let mark: Mark? =
    switch word {
    case "needless": .spurious
    case "lost": .lostByAck
    case "timeout", "timeouts": .pto
    case "late": .ackLate
    case "repeat", "repeated", "retransmission", "retransmitted": .resent
    case "reordered": .outOfOrder
    case "path", "mtu": .pathMTU
    case "truncated", "captured": .cut
    case "try": .retry
    case "bad": .corrupt
    default: nil
    }
  return mark?.name
}
