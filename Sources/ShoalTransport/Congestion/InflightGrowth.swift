/// How fast the most that may be in flight grows while the path is probed and takes it: by 1, 2, 4 … times as much per
/// round (draft-ietf-ccwg-bbr, `BBRProbeInflightLongtermUpward`).
struct InflightGrowth {
  private var rounds = 0

  /// The bytes by which it grows when this many are acknowledged, if the window was full; in the first round, by `first`
  /// in all.
  mutating func add(_ bytes: Int, window: Double, first: Double, isNewRound: Bool) -> Double {
    let perRound = first * Double(1 << min(rounds, 30))
    if isNewRound { rounds += 1 }
    return Double(bytes) * perRound / max(window, perRound)
  }
}
