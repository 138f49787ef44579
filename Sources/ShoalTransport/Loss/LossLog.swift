/// The packets declared lost since the log was last read, if it is kept.
struct LossLog {
  private var verdicts: [LossVerdict]?
  private static let most = 1 << 14

  init(isKept: Bool) { verdicts = isKept ? [] : nil }

  mutating func add(_ number: UInt64, attempt: UInt32, _ trigger: LossVerdict.Trigger) {
    guard let count = verdicts?.count, count < LossLog.most else { return }
    verdicts?.append(LossVerdict(sequence: UInt32(truncatingIfNeeded: number), attempt: attempt, trigger: trigger))
  }

  mutating func take() -> [LossVerdict] {
    guard let taken = verdicts, !taken.isEmpty else { return [] }
    verdicts = []
    return taken
  }
}
