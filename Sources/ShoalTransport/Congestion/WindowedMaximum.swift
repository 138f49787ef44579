/// The maximum over the last rounds: Kathleen Nichols' filter, as in Linux's lib/win_minmax.c, with three estimates.
struct WindowedMaximum {
  var length: UInt64
  private var best: (Double, UInt64) = (0, 0)
  private var second: (Double, UInt64) = (0, 0)
  private var third: (Double, UInt64) = (0, 0)

  init(length: UInt64) { self.length = length }

  /// The largest value of the window; 0 if there is none.
  var value: Double { best.0 }

  mutating func add(_ value: Double, at round: UInt64) {
    if value >= best.0 || round - third.1 > length {
      best = (value, round)
      second = best
      third = best
      return
    }
    if value >= second.0 {
      second = (value, round)
      third = second
    } else if value >= third.0 {
      third = (value, round)
    }
    if round - best.1 > length {
      best = second
      second = third
      third = (value, round)
      if round - best.1 > length {
        best = second
        second = third
        third = (value, round)
      }
    } else if second.1 == best.1, round - best.1 > length / 4 {
      second = (value, round)
      third = second
    } else if third.1 == second.1, round - second.1 > length / 2 {
      third = (value, round)
    }
  }
}
