/// How fast the most that may be in flight grows while the path is probed and takes it: by 1, 2, 4 … packets a round
/// (draft-ietf-ccwg-bbr, `BBRProbeInflightLongtermUpward`).
struct InflightGrowth {
  private var rounds = 0

  /// The bytes by which it grows as so many are acknowledged, the window having been full.
  mutating func add(_ bytes: Int, window: Double, datagram: Int, isNewRound: Bool) -> Double {
    let perRound = Double(datagram << min(rounds, 30))
    if isNewRound { rounds += 1 }
    return Double(bytes) * perRound / max(window, perRound)
  }
}
