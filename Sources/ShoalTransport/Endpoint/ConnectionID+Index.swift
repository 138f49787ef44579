extension ConnectionID {
  /// A number below the endpoint's `maxConnections`, unique among its connections: an index for tables kept beside it.
  package var index: Int { Int(slot) }
}
