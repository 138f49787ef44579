extension ConnectionID {
  /// A number below the endpoint's `maxConnections`, unique among its connections: an index for tables kept alongside
  /// it.
  package var index: Int { Int(slot) }
}
