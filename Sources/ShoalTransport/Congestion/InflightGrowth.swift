/// How fast the most that may be in flight grows while the path is probed and takes it: by 1, 2, 4 … packets per round
/// (draft-ietf-ccwg-bbr, `BBRProbeInflightLongtermUpward`).
struct InflightGrowth {
  private var rounds = 0

  /// The bytes by which it grows when this many are acknowledged, if the window was full.
  mutating func add(_ bytes: Int, window: Double, datagram: Int, isNewRound: Bool) -> Double {
    let perRound = Double(datagram << min(rounds, 30))
    if isNewRound { rounds += 1 }
    return Double(bytes) * perRound / max(window, perRound)
  }
}
