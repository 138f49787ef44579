import ShoalBase

/// An access link as `--link` describes it: what happens to everything that an endpoint sends and receives.
///
/// The text is a list such as `loss=5%,delay=10ms,rate=20mbit/100mbit,seed=7`, or `clean`. `A/B` gives up and down
/// values of their own. Each key may come once:
/// - `loss`, `corrupt`, `reorder`, `duplicate`: 0% to 100%; the percent sign is required
/// - `delay` (one way), `jitter`: 0s to 600s, in `us`, `ms` or `s`
/// - `rate`: in `bit`, `kbit`, `mbit` or `gbit` a second, of 1,000 each; or `none`
/// - `queue`: in `B`, `kB` or `MB` (multiples of 1,000), in `KiB` or `MiB` (of 1,024), or in `bdp`, products of the
///   rate and the sum of both delays, as in `2bdp`; or `auto`. It needs `rate` or `trace`, and `bdp` needs `delay` too
/// - `burst`: the mean run of losses, 1 to 10000, needs `loss`; or `none`
/// - `trace`: a file in mahimahi's format, in place of `rate`; `UP:DOWN` gives each direction its own, or `none`
/// - `mtu`: 576 to 65535, of IP; or `none`
/// - `outage`: `5s/2s` is up for 5 s, then down for 2 s, and so on, in both directions at once
/// - `seed`: 0 to 2^64 - 1, for both directions, which draw different numbers from it
public struct LinkSpec: Sendable, Equatable {
  /// What happens to what the endpoint sends.
  package var up: LinkParameters
  /// What happens to what the endpoint receives.
  package var down: LinkParameters
  /// The seed of both directions; nil: the caller chooses one.
  package var seed: UInt64?

  /// A link of two directions.
  package init(up: LinkParameters, down: LinkParameters, seed: UInt64? = nil) {
    self.up = up
    self.down = down
    self.seed = seed
  }

  /// A link that is the same both ways.
  package init(both parameters: LinkParameters, seed: UInt64? = nil) {
    self.init(up: parameters, down: parameters, seed: seed)
  }

  /// Reads the trace in a file, by its path.
  package typealias TraceReader = (String) throws(LinkSpecError.Problem) -> LinkTrace

  /// The link that a text describes; without a `reader`, it may name no trace.
  package init(parsing text: String, reader: TraceReader? = nil) throws(LinkSpecError) {
    var parser = LinkSpecParser(reader: reader)
    self = try parser.parse(text)
  }

  /// A link that leaves everything as it is.
  public static var clean: LinkSpec { LinkSpec(both: .clean) }

  /// Whether both directions leave everything as it is.
  public var isClean: Bool { up.isClean && down.isClean }

  /// The direction for what the endpoint sends, with outages counted from `start`; `defaultSeed` is used if the
  /// specification has no seed.
  package func makeUpLink(defaultSeed: UInt64, start: Instant = .zero) -> Link {
    Link(up, seed: seed ?? defaultSeed, start: start)
  }

  /// The direction for what the endpoint receives; give it the same arguments as ``makeUpLink(defaultSeed:start:)``.
  package func makeDownLink(defaultSeed: UInt64, start: Instant = .zero) -> Link {
    // The fractional digits of the square root of 2: as good as any number for keeping the two streams apart.
    Link(down, seed: (seed ?? defaultSeed) ^ 0x6a09_e667_f3bc_c908, start: start)
  }
}
