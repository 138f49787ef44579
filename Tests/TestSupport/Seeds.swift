import Glibc

/// The seeds of a family of runs, or the one in the environment variable SHOAL_SEED, which replays a failure.
public func seeds(_ range: Range<UInt64>) -> [UInt64] {
  if let text = getenv("SHOAL_SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
  return Array(range)
}
