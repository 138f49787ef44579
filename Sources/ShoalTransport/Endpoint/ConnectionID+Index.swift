extension ConnectionID {
  /// A number below the endpoint's `maxConnections`, no other connection's at the same time: for tables beside it.
  package var index: Int { Int(slot) }
}
