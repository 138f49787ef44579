/// The seeds of a family of runs, or the one in the environment variable SHOAL_SEED, which replays a failure.
public func seeds(_ range: Range<UInt64>) -> [UInt64] {
  environmentNumber("SHOAL_SEED", as: UInt64.self).map { [$0] } ?? Array(range)
}
